from __future__ import annotations

from pathlib import Path

import pytest

from diarization.errors import ConfigError
from pipeline.config import Config
from pipeline.settings import config_yaml, describe, load_config, load_runtime, preset_names


def test_without_a_file_everything_is_at_its_default() -> None:
    assert load_config() == Config()


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("turns:\n  max_pause: 2\n")
    config = load_config(file)
    assert config.turns.max_pause == 2.0
    assert config.emotion == Config().emotion


def test_pairs_go_over_the_file_and_the_last_one_over_those_before(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("turns:\n  max_pause: 2\n")
    config = load_config(file, ["turns.max_pause=3", "turns.max_pause=4", "diarization.num_speakers=2"])
    assert (config.turns.max_pause, config.diarization.num_speakers) == (4.0, 2)


def test_a_pair_can_take_a_setting_back_to_nothing() -> None:
    assert load_config("counselling", ["diarization.num_speakers=null"]).diarization.num_speakers is None


def test_what_only_changes_speed_is_kept_apart() -> None:
    assert load_config(sets=["runtime.device=cpu"]) == Config()
    assert load_runtime(sets=["runtime.device=cpu"]).device == "cpu"


@pytest.mark.parametrize("text", ["", "turns:\n", "# nothing yet\n"])
def test_an_empty_file_or_section_says_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    assert load_config(file) == Config()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("turns: {max_puase: 1}", "a.yaml: turns.max_puase: unknown key, did you mean 'max_pause'?"),
        ("turn: {}", "a.yaml: turn: unknown key, did you mean 'turns'?"),
        ("max_pause: 1", "a.yaml: max_pause: unknown key, did you mean 'turns.max_pause'?"),
        ("1: 2", "a.yaml: 1: unknown key; known are diarization, turns, emotion, identity, privacy, reports, runtime"),
        ("turns: {max_pause: -1}", "a.yaml: turns.max_pause: -1 is not accepted; a number of at least 0 is"),
        ("turns: {max_pause: true}", "a.yaml: turns.max_pause: true is not accepted; a number of at least 0 is"),
        ("turns: {max_pause: .inf}", "a.yaml: turns.max_pause: .inf is not accepted; a number of at least 0 is"),
        ("turns: {max_pause: .nan}", "a.yaml: turns.max_pause: .nan is not accepted; a number of at least 0 is"),
        ("turns: {max_pause: [1]}", "a.yaml: turns.max_pause: - 1 is not accepted; a number of at least 0 is"),
        ("turns: 3", "a.yaml: turns: 3 is not accepted; it is a section with the keys max_pause, min_duration"),
        ("emotion: {max_window: 90}", "a.yaml: emotion.max_window: 90 is not accepted; a number from 1 to 60 is"),
        (
            "diarization: {num_speakers: '2'}",
            "a.yaml: diarization.num_speakers: '2' is not accepted; a whole number of at least 1 or null is",
        ),
        (
            "diarization: {backend: pyanote}",
            "a.yaml: diarization.backend: 'pyanote' is not accepted, did you mean 'pyannote'? accepted are auto, ",
        ),
        (
            "diarization: {min_speakers: 3, max_speakers: 2}",
            "a.yaml: diarization: min_speakers (3) is above max_speakers (2)",
        ),
        ("runtime: {device: gpu}", "a.yaml: runtime.device: 'gpu' is not accepted; one of auto, cpu, cuda, mps is"),
        ("- a", "a.yaml: holds - a, where sections such as 'turns:' with keys below are accepted"),
        ("turns: {}\nemotion: [", "a.yaml: line 2: not YAML"),
        ("turns: {max_pause: 1}\nturns: {}", "a.yaml: line 2: not YAML: the key 'turns' stands there twice"),
        ("? [a]\n: b", "a.yaml: line 1: not YAML: found unhashable key"),
        ("x: !!python/object/apply:os.getcwd []", "a.yaml: line 1: not YAML: could not determine a constructor"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_what_is_accepted(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("turns.max_puase=1", "--set turns.max_puase: unknown key, did you mean 'max_pause'?"),
        ("turns.max_pause=x", "--set turns.max_pause: 'x' is not accepted; a number of at least 0 is"),
        ("turns.max_pause=", "--set turns.max_pause: null is not accepted; a number of at least 0 is"),
        ("turns=", "--set turns: null is not accepted; it is a section with the keys max_pause, min_duration"),
        ("a.b.c=1", "--set a: unknown key; known are diarization, turns, emotion, identity, privacy, reports, runtime"),
        ("turns.max_pause.x=1", "--set turns.max_pause: x: 1 is not accepted; a number of at least 0 is"),
        ("max_pause", "--set max_pause: not key=value, such as diarization.num_speakers=2"),
        ("=1", "--set =1: not key=value, such as diarization.num_speakers=2"),
        ("turns.max_pause=[1", "--set turns.max_pause=[1: '[1' cannot be read as a value"),
    ],
)
def test_a_mistake_in_a_pair_is_named_with_what_is_accepted(pair: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(sets=[pair])
    assert str(caught.value).startswith(message)


def test_a_missing_file_hints_at_the_presets(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"counseling: no such file; did you mean the preset 'counselling'\?"):
        load_config("counseling")
    with pytest.raises(ConfigError, match=r"no such file; presets are call-centre, counselling, default"):
        load_config(tmp_path / "nowhere.yaml")


def test_a_folder_and_a_file_that_is_not_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a folder, not a file of settings"):
        load_config(tmp_path)
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ConfigError, match="not a text file in UTF-8"):
        load_config(file)


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_loads_and_opens_with_what_it_is_for(name: str) -> None:
    load_config(name)
    text = (Path(__file__).parents[2] / "configs" / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# ")


def test_the_default_preset_lists_every_setting_at_its_default() -> None:
    import yaml

    text = (Path(__file__).parents[2] / "configs" / "default.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text) == Config().model_dump()


def test_shown_settings_are_read_back(tmp_path: Path) -> None:
    config = load_config("call-centre", ["emotion.model=\"größer: 'models'/x #1\""])
    file = tmp_path / "a.yaml"
    file.write_text(config_yaml(config), encoding="utf-8")
    assert load_config(file) == config


def test_shown_settings_say_what_each_of_them_means() -> None:
    assert "  # seconds of pause within a turn; a longer one ends it\n  max_pause: 1.0\n" in config_yaml(Config())


def test_every_setting_is_described() -> None:
    settings = describe()
    assert [each.key for each in settings if not each.description.strip()] == []
    assert {"diarization.num_speakers", "turns.max_pause", "emotion.backend"} <= {each.key for each in settings}
    by_key = {each.key: each for each in settings}
    assert by_key["emotion.max_window"].type == "a number from 1 to 60"
    assert by_key["emotion.max_window"].default == "30.0"


def test_a_token_is_not_shown_with_the_settings() -> None:
    assert "secret" not in repr(load_runtime(sets=["runtime.hf_token=secret"]))
