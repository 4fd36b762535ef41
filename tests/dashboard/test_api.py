"""The REST API: real uploads, jobs worked on by a real process with quick models, and what goes wrong."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import turntone.speech
from dashboard.app import make_app
from dashboard.background import BackgroundWorker
from pipeline.jobs.queue import JobQueue
from pipeline.store.findings import Finding, keep_findings
from pipeline.workspace import Workspace
from reports.findings import SessionFinder
from tests.fakes import write_tone
from tests.sessions import make_session

from .workspaces import FIRST, SECOND, SILENT, fill

FAKE_WORKER = [sys.executable, "-c", "import tests.fakes; from turntone.cli import main; main()"]
FAKE = ["diarization.backend=fake", "emotion.backend=fake"]


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_tone(tmp_path_factory.mktemp("api") / "tone.wav", seconds=9.0).read_bytes()


@pytest.fixture
def own_client(tmp_path: Path) -> TestClient:
    """An application over a workspace of this test's own, which may be changed; nothing works on its jobs."""
    return TestClient(make_app(fill(tmp_path / "workspace").path), base_url="http://127.0.0.1:8050")


@pytest.fixture
def working_client(tmp_path: Path) -> Iterator[TestClient]:
    """An application over an empty workspace with a worker beside it."""
    worker = BackgroundWorker(tmp_path / "workspace", FAKE_WORKER)
    with TestClient(make_app(tmp_path / "workspace", worker=worker), base_url="http://127.0.0.1:8050") as client:
        yield client
    assert not worker.alive


def uploaded(client: TestClient, content: bytes, name: str = "call.wav") -> str:
    upload = client.post("/api/uploads", json={"name": name, "size": len(content)}).json()
    client.patch(f"/api/uploads/{upload['id']}", content=content, headers={"Upload-Offset": "0"})
    return str(upload["id"])


def submitted(client: TestClient, content: bytes, **options: Any) -> dict[str, Any]:
    answer = client.post("/api/jobs", json={"upload": uploaded(client, content), "settings": FAKE, **options})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def ended(client: TestClient, job: dict[str, Any], seconds: float = 90.0) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while (job := client.get(f"/api/jobs/{job['id']}").json())["state"] in ("queued", "running"):
        assert time.monotonic() < end, job
        time.sleep(0.1)
    return job


def detail(answer: Any, status: int) -> str:
    """The sentence of a problem, which must have that status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert (found["type"], found["status"]) == ("about:blank", status)
    return str(found["detail"])


def test_an_upload_becomes_a_session_in_the_background(working_client: TestClient, tone: bytes, tmp_path: Path) -> None:
    job = submitted(working_client, tone, case="Anna", date="2026-03-02", num_speakers=2)
    assert (job["state"], job["title"]) == ("queued", "call.wav")
    with working_client.stream("GET", f"/api/jobs/{job['id']}/events") as events:
        said = [json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")]
    done = said[-1]
    assert (done["state"], done["progress"]) == ("done", 1.0)
    session = working_client.get(f"/api/sessions/{done['session']}").json()
    assert (session["session"]["case"], session["session"]["date"]) == ("Anna", "2026-03-02")
    assert len(working_client.get(f"/api/sessions/{done['session']}/turns").json()) == 3
    assert working_client.get("/api/cases").json()[0]["name"] == "Anna"
    assert list((tmp_path / "workspace" / "uploads").iterdir()) == []  # an upload goes with its job
    end = time.monotonic() + 30.0
    while (listed := working_client.get("/api/sessions").json()[0])["flags"] is None:  # and is looked through
        assert time.monotonic() < end
        time.sleep(0.1)
    assert listed["shapes"] == {}


def test_a_recording_is_uploaded_and_submitted_at_once(working_client: TestClient) -> None:
    answer = working_client.post("/api/recordings", files={"file": ("../x.wav", b"not audio at all")})
    job = ended(working_client, answer.json())
    assert job["title"] == "x.wav"
    assert job["state"] == "failed"
    assert "x.wav" in job["reason"]


def test_a_worker_that_died_is_started_again(working_client: TestClient, tone: bytes, tmp_path: Path) -> None:
    first = ended(working_client, submitted(working_client, tone))
    assert first["state"] == "done"
    other = write_tone(tmp_path / "other.wav", seconds=9.0, pitch=300).read_bytes()
    import psutil

    for child in psutil.Process().children():
        if "worker" in child.cmdline():
            child.kill()
    assert ended(working_client, submitted(working_client, other))["state"] == "done"


def test_an_upload_that_broke_off_goes_on_where_it_stopped(own_client: TestClient, tone: bytes) -> None:
    upload = own_client.post("/api/uploads", json={"name": "call.wav", "size": len(tone)}).json()
    address = f"/api/uploads/{upload['id']}"
    half = len(tone) // 2
    assert own_client.patch(address, content=tone[:half], headers={"Upload-Offset": "0"}).json()["offset"] == half
    early = own_client.post("/api/jobs", json={"upload": upload["id"]})
    assert detail(early, 409).startswith(f"call.wav: {half:,} of {len(tone):,} bytes are here")
    wrong = own_client.patch(address, content=tone, headers={"Upload-Offset": "0"})
    assert detail(wrong, 409) == f"{half} bytes are here, not 0; go on from there"
    assert own_client.get(address).json() == {**upload, "offset": half}
    own_client.patch(address, content=tone[half:], headers={"Upload-Offset": str(half)})
    assert own_client.post("/api/jobs", json={"upload": upload["id"]}).status_code == 201


def test_uploads_that_cannot_be_taken_are_refused_with_the_reason(own_client: TestClient) -> None:
    begin = "/api/uploads"
    assert "files ending in .wav" in detail(own_client.post(begin, json={"name": "a.exe", "size": 1}), 415)
    assert "at most 4,294,967,296" in detail(own_client.post(begin, json={"name": "a.wav", "size": 2**40}), 413)
    upload = own_client.post(begin, json={"name": "a.wav", "size": 4}).json()
    address = f"{begin}/{upload['id']}"
    assert "more than the 4 bytes" in detail(
        own_client.patch(address, content=b"12345", headers={"Upload-Offset": "0"}), 413
    )
    assert own_client.delete(address).status_code == 204
    assert "no such upload" in detail(own_client.get(address), 404)


def test_settings_that_are_wrong_are_named_and_nothing_is_queued(own_client: TestClient, tone: bytes) -> None:
    upload = uploaded(own_client, tone)
    wrong = own_client.post("/api/jobs", json={"upload": upload, "settings": ["turns.max_paus=1"]})
    assert "did you mean" in detail(wrong, 400)
    assert "preset 'nice'" in detail(own_client.post("/api/jobs", json={"upload": upload, "preset": "nice"}), 400)
    assert "preset '/etc/passwd'" in detail(
        own_client.post("/api/jobs", json={"upload": upload, "preset": "/etc/passwd"}), 400
    )
    assert own_client.get("/api/jobs").json() == []
    assert own_client.get(f"/api/uploads/{upload}").status_code == 200


def test_jobs_are_listed_cancelled_and_retried(own_client: TestClient, tone: bytes) -> None:
    job = submitted(own_client, tone)
    address = f"/api/jobs/{job['id']}"
    assert [each["id"] for each in own_client.get("/api/jobs", params={"state": "queued"}).json()] == [job["id"]]
    assert own_client.post(f"{address}/cancel").json()["state"] == "cancelled"
    assert own_client.post(f"{address}/retry").json()["state"] == "queued"
    assert "no such job" in detail(own_client.get("/api/jobs/000000000000"), 404)
    assert "state" in detail(own_client.get("/api/jobs", params={"state": "lost"}), 422)


def test_sessions_are_chosen_by_flag_and_shape(own_client: TestClient, tmp_path: Path) -> None:
    def asked(**params: str) -> tuple[list[str], str]:
        answer = own_client.get("/api/sessions", params=params)
        return [each["id"] for each in answer.json()], answer.headers["not-looked-through"]

    assert asked(flag="any") == ([], "4")
    assert own_client.get("/api/sessions").json()[0]["flags"] is None
    own, revision = Workspace(tmp_path / "workspace"), SessionFinder().revision
    with own.writing() as connection:
        found = [Finding("flag", "long-silence"), Finding("shape", "flat", "SPEAKER_00")]
        keep_findings(connection, own.session(FIRST), str(own.version(FIRST)), revision, found)
    assert asked(flag="long-silence", shape="flat") == ([FIRST], "3")
    assert asked(flag="long-silence", shape="worsening") == asked(flag="any", case="none") == ([], "3")
    (listed,) = own_client.get("/api/sessions", params={"shape": "flat"}).json()
    assert listed["flags"] == [{"name": "long-silence", "speaker": None, "other": None}]
    assert listed["shapes"] == {"SPEAKER_00": "flat"}
    assert "did you mean 'silence'?" in detail(own_client.get("/api/sessions", params={"flag": "silense"}), 400)
    assert "shape" in detail(own_client.get("/api/sessions", params={"shape": "up"}), 422)


def test_sessions_are_listed_read_and_heard(client: TestClient) -> None:
    listed = client.get("/api/sessions", params={"case": "Demo"}).json()
    assert [each["id"] for each in listed] == [FIRST, SECOND]
    assert len(client.get("/api/sessions", params={"limit": 1, "offset": 1}).json()) == 1
    assert client.get(f"/api/sessions/{FIRST}").json()["session"]["id"] == FIRST
    part = client.get(f"/api/sessions/{FIRST}/audio", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"fLaC")
    assert "no audio" in detail(client.get(f"/api/sessions/{SILENT}/audio"), 404)
    assert "no such session" in detail(client.get("/api/sessions/ffffffffffff"), 404)
    assert detail(client.get("/api/sessions/..%2f"), 404)


def test_speakers_are_named_and_sessions_deleted(own_client: TestClient) -> None:
    address = f"/api/sessions/{SILENT}"
    label = own_client.get(address).json()["speakers"][0]["label"]
    changed = own_client.patch(f"{address}/speakers", json={label: {"participant": "Zoe", "role": "client"}})
    assert changed.json()[0]["speakers"][0] == own_client.get(address).json()["speakers"][0]
    assert own_client.get(address).json()["speakers"][0]["participant"] == "Zoe"
    nobody = own_client.patch(f"{address}/speakers", json={"SPEAKER_99": {"participant": "Zoe"}})
    assert "SPEAKER_99" in detail(nobody, 400)
    assert own_client.delete(address).status_code == 204
    assert detail(own_client.delete(address), 404)


def test_a_clip_is_scored_without_being_kept(own_client: TestClient, tmp_path: Path) -> None:
    import soundfile

    flac = Path(turntone.speech.__file__).parent / "counselling-1.flac"
    samples, rate = soundfile.read(flac, stop=16_000 * 4)
    clip = tmp_path / "clip.wav"
    soundfile.write(clip, samples, rate)
    whole = own_client.post("/api/predict", files={"file": ("clip.wav", clip.read_bytes())}).json()
    assert sum(whole["scores"].values()) == pytest.approx(1, abs=1e-5)
    assert whole["confidence"] == max(whole["scores"].values()) == whole["scores"][whole["emotion"]]
    assert (whole["granularity"], whole["frames"], whole["embedding"]) == ("utterance", None, None)
    more = own_client.post(
        "/api/predict",
        files={"file": ("clip.wav", clip.read_bytes())},
        data={"granularity": "frame", "embedding": "true"},
    ).json()
    assert more["scores"] == whole["scores"]
    assert len(more["frames"]["scores"]) == pytest.approx(len(samples) / rate / more["frames"]["step"], abs=2)
    assert len(more["embedding"]) > 8
    assert "not audio" not in own_client.get("/api/sessions").text
    bad = own_client.post("/api/predict", files={"file": ("clip.wav", b"nothing")})
    assert "clip.wav" in detail(bad, 400)
    assert str(tmp_path) not in bad.text


def test_the_server_says_whether_it_lives_and_can_work(client: TestClient) -> None:
    assert client.get("/api/health").json() == {"status": "ok"}
    assert client.get("/api/ready").json() == {"status": "ready"}


def test_what_is_not_there_is_a_problem_not_a_page(client: TestClient) -> None:
    assert "no such address" in detail(client.get("/api/nothing"), 404)


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_pages_of_other_sites_change_nothing(own_client: TestClient, headers: dict[str, str]) -> None:
    assert own_client.delete(f"/api/sessions/{FIRST}", headers=headers).status_code == 403
    assert own_client.get(f"/api/sessions/{FIRST}", headers=headers).status_code == 200


def test_the_schema_lists_the_api_and_nothing_else(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {"/api/sessions", "/api/jobs", "/api/uploads/{upload_id}", "/api/predict"} <= set(paths)
    assert all(path.startswith("/api/") for path in paths)


def test_a_turn_is_split_and_joined(tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    own.save(make_session(8))
    with TestClient(make_app(own.path), base_url="http://127.0.0.1:8050") as client:
        address = f"/api/sessions/{FIRST}/review"
        found = client.post(address, json={"split": {"turn": 2, "at": 8.5}}).json()
        halves = sorted(
            (each["turn"], each["start"], each["end"], each["cuts"], each["reviewed"])
            for each in found["turns"]
            if each["turn"] in (2, 3)
        )
        assert halves == [(2, 7.0, 8.5, ["split"], []), (3, 8.5, 10.0, ["split"], [])]
        turns = client.get(f"/api/sessions/{FIRST}/turns").json()
        assert (len(turns), turns[2]["reviewed"], turns[2]["machine"]["spans"]) == (9, ["split"], [[7.0, 10.0]])
        table = client.get("/api/export", params={"to": "csv", "session": FIRST}).text
        assert len(table.splitlines()) == 10
        assert len(client.post(address, json={"join": 2}).json()["turns"]) == 8
        assert client.post(f"{address}/undo").json()["steps"] == {"done": 1, "undone": 1}
        wrong = client.post(address, json={"split": {"turn": 0, "at": 9.0}})
        assert (wrong.status_code, "choose a time within it" in wrong.json()["detail"]) == (400, True)
        assert client.post(address, json={"join": 2, "emotion": "sad"}).status_code == 422


def test_a_review_is_answered_undone_and_exported(tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    own.save(make_session(8))
    with TestClient(make_app(own.path), base_url="http://127.0.0.1:8050") as client:
        address = f"/api/sessions/{FIRST}/review"
        found = client.get(address).json()
        assert [each["sure"] for each in found["turns"]] == sorted(each["sure"] for each in found["turns"])
        assert found["steps"] == {"done": 0, "undone": 0}
        turn = next(
            each
            for each in client.post(address, json={"turns": [2], "emotion": "happy"}).json()["turns"]
            if each["turn"] == 2
        )
        assert (turn["emotion"], turn["reviewed"]) == ("happy", ["emotion"])
        labels = client.get("/api/export", params={"to": "labels", "session": FIRST})
        assert labels.text.splitlines()[1].startswith(f",{FIRST},7.0,10.0,Anna,happy,Anna,")
        assert client.post(f"{address}/undo").json()["steps"] == {"done": 0, "undone": 1}
        assert client.post(f"{address}/undo").json()["detail"].endswith("there is no correction to take back")
        assert client.post(f"{address}/redo").json()["steps"] == {"done": 1, "undone": 0}
        wrong = client.post(address, json={"turns": [3], "emotion": "sad"})
        assert (wrong.status_code, "turn 3 is not scored" in wrong.json()["detail"]) == (400, True)
        assert client.post(address, json={"all_of": "SPEAKER_00"}).status_code == 422
        assert client.post("/api/sessions/ffffffffffff/review/undo").status_code == 404


@pytest.mark.parametrize("to", ["rttm", "csv", "eaf", "npy", "label-studio", "audformat"])
def test_sessions_are_given_out_in_formats(client: TestClient, to: str) -> None:
    one = client.get("/api/export", params={"to": to, "session": FIRST})
    case = client.get("/api/export", params={"to": to, "case": "Demo"})
    assert (one.status_code, case.status_code) == (200, 200)
    assert len(case.content) > 100


def test_formats_and_sessions_that_do_not_exist_are_refused(client: TestClient) -> None:
    assert client.get("/api/export", params={"to": "docx", "session": FIRST}).status_code == 422
    assert client.get("/api/export", params={"to": "csv", "session": "ffffffffffff"}).status_code == 404
    assert client.get("/api/export", params={"to": "csv", "case": "None"}).status_code == 404


def test_courses_are_told_of_sessions_that_exist(client: TestClient) -> None:
    found = client.get("/api/sessions/courses", params={"ids": f"{FIRST},ffffffffffff,x"}).json()
    assert sorted(found) == [FIRST]
    assert {len(course) for course in found[FIRST].values()} == {24}


def test_a_job_that_has_ended_is_taken_off_the_list(tmp_path: Path) -> None:
    queue = JobQueue(tmp_path / "own")
    job = queue.submit("analyze", {"upload": False, "path": "x"}, "x.wav")
    with TestClient(make_app(tmp_path / "own"), base_url="http://127.0.0.1:8050") as client:
        assert client.delete(f"/api/jobs/{job.id}").status_code == 400
        client.post(f"/api/jobs/{job.id}/cancel")
        assert client.delete(f"/api/jobs/{job.id}").status_code == 204
        assert client.get("/api/jobs").json() == []


@pytest.mark.parametrize(
    "setting",
    [
        "diarization.reference=/etc/passwd",
        "diarization.reference=turns.rttm",
        " emotion.model = '/srv/model'",
        "emotion.head=../other/heads/mine",
        "diarization.model=~/models",
        "reports.flags=/etc/passwd",
    ],
)
def test_settings_name_no_file_of_the_server(own_client: TestClient, tone: bytes, setting: str) -> None:
    body = {"upload": uploaded(own_client, tone), "settings": [setting]}
    assert "no file or folder of the server" in detail(own_client.post("/api/jobs", json=body), 400)


def test_measures_are_given_of_sessions_and_cases(client: TestClient) -> None:
    one = client.get("/api/measures", params={"session": FIRST, "measure": ["talk_share"]}).json()
    assert one["session"] == FIRST
    assert {each["measure"] for each in one["measures"]} == {"talk_share"}
    case = client.get("/api/measures", params={"case": "Demo", "measure": "talk_share"}).json()
    assert case["case"] == "Demo" and {each["session"] for each in case["measures"]} >= {FIRST, SECOND}
    assert "did you mean 'talk_share'" in detail(
        client.get("/api/measures", params={"session": FIRST, "measure": "talk_shar"}), 400
    )
    assert "either a session or a case" in detail(client.get("/api/measures"), 422)
    assert "no such case" in detail(client.get("/api/measures", params={"case": "None"}), 404)


def test_participants_are_merged_and_split(own_client: TestClient) -> None:
    def names() -> list[str]:
        return [each["name"] for each in own_client.get("/api/participants", params={"case": "Demo"}).json()]

    split = {"name": "Anna", "new": "Zoe", "case": "Demo", "speakers": [{"session": FIRST}]}
    assert own_client.post("/api/participants/split", json=split).status_code == 200
    assert names() == ["Anna", "Ben", "Zoe"]
    merge = {"name": "Anna", "others": ["Zoe"], "case": "Demo"}
    assert own_client.post("/api/participants/merge", json=merge).status_code == 200
    assert names() == ["Anna", "Ben"]
    both = own_client.post("/api/participants/merge", json={"name": "Anna", "others": ["Ben"], "case": "Demo"})
    assert "cannot be two speakers" in detail(both, 400)


def test_events_end_after_a_while(own_client: TestClient, tone: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.api.jobs._LONGEST", 0.8)
    job = submitted(own_client, tone)  # nothing works on it
    for address in ("/api/jobs/events", f"/api/jobs/{job['id']}/events"):
        said = own_client.get(address).text
        assert said.count("event: ") == 1 and '"queued"' in said
