"""A stand-in for Hugging Face and ModelScope on 127.0.0.1: the part of their file APIs that a download asks for."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the server gives, and what it was asked.

    Parameters
    ----------
    repositories : dict
        Files by repository and path.
    token : str, optional
        Without this one, Hugging Face's side says that the repository is gated.
    pace : float
        Seconds of rest after every 64 KiB.
    requests : list of str
        Method, path and range of every request so far.
    """

    repositories: dict[str, dict[str, bytes]]
    token: str | None = None
    pace: float = 0.0
    requests: list[str] = field(default_factory=list)
    address: str = ""


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve a hub on a free port while the context is open."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: ClassVar[Hub]
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self) -> None:
        self.hub.requests.append(f"{self.command} {self.path} {self.headers.get('Range', '')}".strip())
        url = urlsplit(self.path)
        path, query = unquote(url.path), parse_qs(url.query)
        if path == "/":
            self._send(b"")
        elif path.startswith("/api/v1/models/"):
            self._modelscope(path.removeprefix("/api/v1/models/"), query)
        else:
            self._huggingface(path)

    def _modelscope(self, path: str, query: dict[str, list[str]]) -> None:
        owner, name, *rest = path.split("/")
        files = self.hub.repositories.get(f"{owner}/{name}")
        if files is None:
            self._json({"Code": 10010205001, "Success": False, "Message": "not found"}, status=404)
        elif rest == ["repo", "files"]:
            self._json({"Code": 200, "Success": True, "Data": {"Files": [_entry(*each) for each in files.items()]}})
        elif rest == ["repo"]:
            self._send(files[query["FilePath"][0]])
        else:
            self._json({"Code": 200, "Success": True, "Data": {}})

    def _huggingface(self, path: str) -> None:
        if self.hub.token and self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            self._json({"error": "gated"}, status=401, headers={"X-Error-Code": "GatedRepo"})
            return
        parts = path.removeprefix("/api/models").strip("/").split("/")
        repository, rest = "/".join(parts[:2]), parts[2:]
        files = self.hub.repositories.get(repository)
        if files is None:
            self._json({"error": "not found"}, status=404, headers={"X-Error-Code": "RepoNotFound"})
        elif rest[:1] == ["tree"]:
            self._json([_leaf(*each) for each in files.items()])
        elif rest[:1] == ["resolve"]:
            content = files["/".join(rest[2:])]
            digest = hashlib.sha256(content).hexdigest()
            self._send(content, {"ETag": f'"{digest}"', "X-Repo-Commit": COMMIT})
        else:
            self._json({"id": repository, "modelId": repository, "sha": COMMIT, "siblings": []})

    def _json(self, content: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(json.dumps(content).encode(), {"Content-Type": "application/json", **(headers or {})}, status)

    def _send(self, content: bytes, headers: dict[str, str] | None = None, status: int = 200) -> None:
        asked = self.headers.get("Range", "").removeprefix("bytes=").split("-")
        start = int(asked[0]) if asked[0] else 0
        end = min(int(asked[1]) + 1, len(content)) if len(asked) > 1 and asked[1] else len(content)
        self.send_response(206 if self.headers.get("Range") else status)
        if self.headers.get("Range"):
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
        for name, value in {"Content-Length": str(end - start), "Accept-Ranges": "bytes", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        try:
            for at in range(start, end, 1 << 16):
                self.wfile.write(content[at : min(at + (1 << 16), end)])
                time.sleep(self.hub.pace)
        except ConnectionError:
            self.close_connection = True  # the asker was stopped


def _entry(path: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    name = path.split("/")[-1]
    return {"Path": path, "Name": name, "Type": "blob", "Size": len(content), "Sha256": digest, "Revision": COMMIT}


def _leaf(path: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {
        "type": "file",
        "path": path,
        "size": len(content),
        "oid": hashlib.sha1(content).hexdigest(),
        "lfs": {"oid": digest, "size": len(content), "pointerSize": 134},
    }
