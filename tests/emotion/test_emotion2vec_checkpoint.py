import json
import os
import pickle
from pathlib import Path

import pytest
import torch
import yaml

from diarization.errors import ModelError
from emotion.emotion2vec_checkpoint import conv_layers, load_model, read_checkpoint
from emotion.schemes import CANONICAL
from tests.emotion2vec_checkpoint import FIVE_TOKENS, make_checkpoint, make_config


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_checkpoint(tmp_path / "checkpoint")


def change_weights(folder: Path, change) -> None:
    content = torch.load(folder / "model.pt", weights_only=True)
    change(content["model"])
    torch.save(content, folder / "model.pt")


def replace(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


def test_labels_and_sizes_are_read_from_the_folder(folder: Path):
    checkpoint = read_checkpoint(folder)
    assert checkpoint.scheme.labels == CANONICAL
    assert checkpoint.used == tuple(range(9))
    assert (checkpoint.settings.depth, checkpoint.settings.modalities.audio.prenet_depth) == (2, 1)
    assert (checkpoint.min_samples, checkpoint.samples_per_frame) == (400, 320)


def test_classes_marked_as_unused_are_no_labels(tmp_path: Path):
    checkpoint = read_checkpoint(make_checkpoint(tmp_path, tokens=FIVE_TOKENS))
    assert checkpoint.scheme.labels == ("angry", "happy", "neutral", "sad", "unknown")
    assert checkpoint.used == (0, 3, 4, 6, 8)


def test_the_order_of_the_labels_is_the_checkpoint_s_own(tmp_path: Path):
    tokens = ("<unk>", "难过/sad", "生气/angry")
    assert read_checkpoint(make_checkpoint(tmp_path, tokens=tokens)).scheme.labels == ("unknown", "sad", "angry")


def test_weights_are_those_of_the_file_under_funasr_s_names(folder: Path):
    model = load_model(read_checkpoint(folder))
    stored = torch.load(folder / "model.pt", weights_only=True)["model"]
    assert torch.equal(model.proj.weight, stored["proj.weight"])
    assert torch.equal(model.blocks[1].mlp.fc1.bias, stored["d2v_model.blocks.1.mlp.fc1.bias"])
    assert model.modality_encoders["AUDIO"].decoder is None
    assert not model.training


def test_weights_stay_when_the_file_goes(folder: Path):
    model = load_model(read_checkpoint(folder))
    before = model.proj.weight.clone()
    (folder / "model.pt").write_bytes(b"\0" * 100)
    assert torch.equal(model.proj.weight, before)


@pytest.mark.parametrize("nesting", ["state_dict", "model_state_dict", "model", None])
def test_weights_are_found_wherever_funasr_looks_for_them(folder: Path, nesting: str | None):
    weights = torch.load(folder / "model.pt", weights_only=True)["model"]
    torch.save({nesting: weights, "epoch": 3} if nesting else weights, folder / "model.pt")
    assert load_model(read_checkpoint(folder)).proj.weight.shape == (9, 64)


def test_a_weights_file_of_an_old_pytorch_is_read(folder: Path):
    weights = torch.load(folder / "model.pt", weights_only=True)
    torch.save(weights, folder / "model.pt", _use_new_zipfile_serialization=False)
    assert load_model(read_checkpoint(folder)).proj.weight.shape == (9, 64)


def test_weights_of_half_precision_become_single(folder: Path):
    change_weights(folder, lambda weights: weights.update({name: each.half() for name, each in weights.items()}))
    model = load_model(read_checkpoint(folder))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_names_without_prefix_and_with_module_are_found(folder: Path):
    def rename(weights) -> None:
        renamed = {f"module.{name.removeprefix('d2v_model.')}": each for name, each in weights.items()}
        weights.clear()
        weights.update(renamed)

    change_weights(folder, rename)
    assert load_model(read_checkpoint(folder)).proj.weight.shape == (9, 64)


def test_files_may_be_named_otherwise_in_the_configuration(folder: Path):
    (folder / "tokens.txt").rename(folder / "labels.txt")
    (folder / "model.pt").rename(folder / "weights.bin")
    replace(folder, "configuration.json", "tokens.txt", "labels.txt")
    replace(folder, "configuration.json", "model.pt", "weights.bin")
    assert load_model(read_checkpoint(folder)).proj.weight.shape == (9, 64)


def test_a_folder_without_configuration_is_read_by_the_usual_names(folder: Path):
    (folder / "configuration.json").unlink()
    assert read_checkpoint(folder).scheme.labels == CANONICAL


@pytest.mark.parametrize("name", ["../tokens.txt", "/etc/passwd"])
def test_the_configuration_may_not_name_files_outside_the_folder(folder: Path, name: str):
    replace(folder, "configuration.json", "tokens.txt", name)
    with pytest.raises(ModelError, match="lies outside its folder"):
        read_checkpoint(folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"file_path_metas": 3}', "\0"])
def test_a_broken_configuration_is_an_error(folder: Path, text: str):
    (folder / "configuration.json").write_text(text)
    with pytest.raises(ModelError, match=r"configuration\.json: not the configuration of a model"):
        read_checkpoint(folder)


@pytest.mark.parametrize("missing", ["config.yaml", "model.pt", "tokens.txt"])
def test_a_missing_file_is_named(folder: Path, missing: str):
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=f"checkpoint: {missing} missing; an emotion2vec folder holds"):
        read_checkpoint(folder)


def test_a_missing_folder_is_an_error(tmp_path: Path):
    with pytest.raises(ModelError, match="there is no such folder"):
        read_checkpoint(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: [", "not YAML"),
        ("- 1", "not the settings of a model but list"),
        ("", "not the settings of a model but NoneType"),
        ("model: Paraformer", "'model' is 'Paraformer'"),
        ("model: !!python/object/apply:os.system ['true']", "not YAML"),
        ("model: Emotion2vec", "model_conf: Input should be"),
    ],
)
def test_a_config_of_something_else_is_an_error(folder: Path, text: str, message: str):
    (folder / "config.yaml").write_text(text)
    with pytest.raises(ModelError, match=message):
        read_checkpoint(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("depth: 2", "depth: 1000000000", r"model_conf\.depth: Input should be less than or equal to 256"),
        ("embed_dim: 64", "embed_dim: many", r"model_conf\.embed_dim: Input should be a valid integer"),
        ("extractor_mode: layer_norm", "extractor_mode: default", r"extractor_mode: Input should be 'layer_norm'"),
        ("normalize: true", "normalize: ${oc.env:HOME}", r"refers to other values with '\$\{'"),
        ("learned_alibi: false", "learned_alibi: true", "learned_alibi: Input should be False"),
    ],
)
def test_settings_that_no_model_has_are_errors(folder: Path, old: str, new: str, message: str):
    replace(folder, "config.yaml", old, new)
    with pytest.raises(ModelError, match=message):
        read_checkpoint(folder)


def test_settings_that_funasr_cannot_build_from_are_an_error(folder: Path):
    replace(folder, "config.yaml", "num_heads: 4", "num_heads: 4\n  norm_eps: high")
    replace(folder, "config.yaml", "mlp_ratio: 4.0", "mlp_ratio: wide")
    with pytest.raises(ModelError, match=r"FunASR cannot build a model from config\.yaml"):
        load_model(read_checkpoint(folder))


@pytest.mark.parametrize("labels", ["生气/angry\nenthusiastic\n<unk>\n", "生气/angry\nanger\n<unk>\n", "", "\n"])
def test_labels_that_are_unknown_or_twice_or_none_are_an_error(folder: Path, labels: str):
    (folder / "tokens.txt").write_text(labels, encoding="utf-8")
    with pytest.raises(ModelError, match=r"tokens\.txt: not a list of emotion labels"):
        read_checkpoint(folder)


def test_labels_may_be_json(folder: Path):
    (folder / "tokens.json").write_text(json.dumps(["生气/angry", "<unk>"]), encoding="utf-8")
    replace(folder, "configuration.json", "tokens.txt", "tokens.json")
    assert read_checkpoint(folder).scheme.labels == ("angry", "unknown")


def test_labels_and_weights_of_different_models_do_not_load(folder: Path):
    """FunASR would leave the classifier at random values here, and score with it."""
    (folder / "tokens.txt").write_text("生气/angry\n<unk>\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"proj\.weight has the shape \(9, 64\).*do not belong together"):
        load_model(read_checkpoint(folder))


def test_missing_weights_do_not_load(folder: Path):
    """FunASR would leave them at random values here, and say so only in its output."""
    change_weights(folder, lambda weights: [weights.pop("proj.weight"), weights.pop("proj.bias")])
    with pytest.raises(ModelError, match=r"proj\.weight and 1 more are missing; fetch the model again"):
        load_model(read_checkpoint(folder))


class Harm:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_in_a_weights_file_is_executed(folder: Path, zipped: bool):
    content = {"model": torch.load(folder / "model.pt", weights_only=True)["model"], "harm": Harm(folder / "harm")}
    torch.save(content, folder / "model.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelError, match="not a file of tensors"):
        load_model(read_checkpoint(folder))
    assert not (folder / "harm").exists()


def test_a_plain_pickle_is_not_executed(folder: Path):
    (folder / "model.pt").write_bytes(pickle.dumps(Harm(folder / "harm")))
    with pytest.raises(ModelError, match="not a file of tensors"):
        load_model(read_checkpoint(folder))
    assert not (folder / "harm").exists()


def test_a_truncated_weights_file_is_an_error(folder: Path):
    content = (folder / "model.pt").read_bytes()
    for length in (0, 100, len(content) // 2, len(content) - 50):
        (folder / "model.pt").write_bytes(content[:length])
        with pytest.raises(ModelError, match=r"model\.pt: not a file of tensors"):
            load_model(read_checkpoint(folder))


def test_the_usual_front_end_is_understood():
    spec = "[(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512,2,2)] + [(512,2,2)]"
    assert conv_layers(spec) == [(512, 10, 5), *[(512, 3, 2)] * 4, *[(512, 2, 2)] * 2]


@pytest.mark.parametrize(
    "spec",
    [
        "__import__('os').system('true')",
        "[(512, 10, 5)] + open('x').read()",
        "[(512, 10, 5) for _ in range(9)]",
        "[(512, 10, 5)] * 10 ** 9",
        "[(512, 10, 5)]" + " * 64" * 300,
        "[(512, 10)]",
        "[(512, 10, -5)]",
        "[(512, 3, 5)]",
        "[(512, 10.0, 5)]",
        "[]",
        "",
        "[(512, 10, 5)",
        "(" * 1500 + ")" * 400,
        "[(x := 512, 10, 5)]",
    ],
)
def test_any_other_text_is_refused_and_not_run(spec: str):
    with pytest.raises(ModelError, match=r"only a sum of lists of .* is accepted, and nothing of it was run"):
        conv_layers(spec)


def test_a_front_end_that_is_code_is_refused_before_funasr_sees_it(folder: Path):
    config = make_config("tiny")
    audio = config["model_conf"]["modalities"]["audio"]
    audio["feature_encoder_spec"] = f"[__import__('os').mkdir({str(folder / 'harm')!r})]"
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(ModelError, match=r"config\.yaml: feature_encoder_spec is .* nothing of it was run"):
        load_model(read_checkpoint(folder))
    assert not (folder / "harm").exists()
