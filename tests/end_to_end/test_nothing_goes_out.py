"""Analysis, dashboard and report with every outside connection refused and counted: there is not one attempt."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Runs in a process of its own, as a hook on what Python does can never be taken off again.
SCRIPT = """
import json, sys, threading, urllib.request
from pathlib import Path

attempts, local = [], ("127.0.0.1", "::1", "localhost", "testserver", "", None, b"localhost")

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        where = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments[0]
        host = where[0] if isinstance(where, tuple) else where
        if isinstance(where, tuple) or event.startswith("socket.get"):
            if host not in local:
                attempts.append([event, str(where)])
                raise ConnectionRefusedError(f"outside connections are refused: {where}")

sys.addaudithook(watch)
try:  # the hook sees what it should
    urllib.request.urlopen("http://192.0.2.1/", timeout=1)
except OSError:
    pass
assert attempts, "the hook is deaf"
attempts.clear()

import turntone
from dashboard.app import listen, make_app, uvicorn_server
from reports.html import session_report, write_report

recording, folder = Path(sys.argv[1]), Path(sys.argv[2])
session = turntone.analyze(recording, workspace=folder / "workspace", case="Demo", num_speakers=2, consent="yes")
write_report(folder / "report.html", session_report(session))
with listen("127.0.0.1", 0) as sock:
    server = uvicorn_server(make_app(folder / "workspace"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    port, served = sock.getsockname()[1], {}
    for page in ("", f"session/{session.id}", "case/Demo", f"review/{session.id}", f"audio/{session.id}", "models",
                 f"report/session/{session.id}", f"api/export?to=csv&session={session.id}", "api/sessions"):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}") as answer:
            served[page] = len(answer.read())
    server.should_exit = True
    thread.join(30)
print(json.dumps({"attempts": attempts, "turns": len(session.turns), "served": served}))
"""

_OUTSIDE = re.compile(
    r"(?:connect|sendto|sendmsg)\(.*(?:sin_addr=inet_addr\(\"(?!127\.)|inet_pton\(AF_INET6, \"(?!::1))"
)


def test_analysis_dashboard_and_report_connect_to_nothing_outside(embedded_models: None, tmp_path: Path) -> None:
    import soundfile

    samples, rate = soundfile.read(ROOT / "turntone" / "speech" / "meeting-1.flac", frames=8 * 16_000)
    soundfile.write(tmp_path / "meeting.wav", samples, rate)
    calls = tmp_path / "calls.txt"
    traced = shutil.which("strace") is not None and _may_trace()
    watch = ["strace", "-f", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg", "-o", str(calls)] if traced else []
    done = subprocess.run(
        [*watch, sys.executable, "-c", SCRIPT, str(tmp_path / "meeting.wav"), str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "0"},  # no switch keeps it at home
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["attempts"] == []
    assert found["turns"] > 0 and all(size > 100 for size in found["served"].values())
    report = (tmp_path / "report.html").read_text()
    assert not re.search(r"<(?:script|img|link|iframe)[^>]*(?:src|href)=[\"']?(?:https?:)?//", report)
    if traced:  # what libraries in C do, Python does not hear of
        outside = [line for line in calls.read_text().splitlines() if _OUTSIDE.search(line)]
        assert [line for line in outside if "192.0.2.1" not in line] == []


def _may_trace() -> bool:
    done = subprocess.run(["strace", "-f", "--seccomp-bpf", "-o", os.devnull, "true"], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize(
    ("line", "outside"),
    [
        ('1 connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}, 16) = -1', True),
        ('1 connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0', False),
        ('1 connect(3, {sa_family=AF_UNIX, sun_path="/run/x"}, 110) = 0', False),
        ('1 connect(3, {sa_family=AF_INET6, inet_pton(AF_INET6, "2001:db8::1", &sin6_addr)}, 28) = 0', True),
    ],
)
def test_what_counts_as_outside(line: str, outside: bool) -> None:
    assert bool(_OUTSIDE.search(line)) == outside
