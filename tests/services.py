"""A PostgreSQL server and an S3 server of the tests' own, on this machine alone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from uuid import uuid4

from tests.ports import free_port

KEYS = {
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "tests-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""What the S3 server of the tests takes."""


def postgres_binaries() -> Path | None:
    """The folder of the newest PostgreSQL that is installed; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    return found[-1].parent if found else None


class PostgresServer:
    """A server with tables in a temporary folder; it does not wait for the disk.

    Parameters
    ----------
    binaries : Path
        Where ``initdb`` and ``postgres`` are.
    """

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="turntone-postgres-"))
        self.port = free_port()
        self.user = "postgres"
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self._run("initdb", "-D", self.folder / "data", "-U", self.user, "-A", "trust", "-E", "UTF8", "--no-sync",
                  "--locale-provider=icu", "--icu-locale=en-US")  # fmt: skip
        rules = self.folder / "data" / "pg_hba.conf"
        rules.write_text(f"host all secured 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        self.start()

    def url(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder,
                    "max_connections": 200, "wal_level": "minimal", "max_wal_senders": 0, "fsync": "off",
                    "full_page_writes": "off"}  # fmt: skip
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w", "-o", options, "start")

    def stop(self, how: str = "fast") -> None:
        """Stop it; ``immediate`` as if its machine lost power."""
        self._run("pg_ctl", "-D", self.folder / "data", "-m", how, "-w", "stop")

    def new_database(self) -> str:
        """The address of a new, empty database."""
        name = f"test_{uuid4().hex[:12]}"
        self.sql("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def empty(self, url: str) -> None:
        """Take all rows out of a database, whatever refuses that."""
        name = url.rpartition("/")[2]
        tables = self.sql(name, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        named = ", ".join(str(row[0]) for row in tables if row[0] != "alembic_version")
        if named:
            self.sql(name, "SET session_replication_role = replica", f"TRUNCATE {named} RESTART IDENTITY")

    def end_connections(self, url: str) -> int:
        """Break all connections to a database off, as a failing network or an impatient keeper does; gives how many."""
        name = url.rpartition("/")[2]
        ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        return len(self.sql("postgres", ended))

    def sql(self, database: str, *statements: str) -> list[tuple[object, ...]]:
        """What the last of some statements gives."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """End it and remove what it kept."""
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: object) -> None:
        command: Sequence[str] = [str(self._binaries / program), *map(str, arguments)]
        if os.geteuid() == 0:  # which it refuses to run as
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")


class ObjectServer:
    """An S3 server that keeps what it is given in memory, in a process of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        code = f"from moto.server import main; main(['-H', '127.0.0.1', '-p', '{self.port}'])"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        for _ in range(300):
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError("the S3 server of the tests did not start")

    def new_bucket(self) -> str:
        """The address of a place in a new bucket."""
        import boto3

        client = boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1",
                              aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
                              aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"])  # fmt: skip
        name = f"test-{uuid4().hex[:12]}"
        client.create_bucket(Bucket=name)
        return f"s3://{name}/turntone"

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Fault:
    """Stands between a program and a server and fails as networks do: late, with errors, or not at all.

    Attributes
    ----------
    delay : float
        Seconds before each request goes on.
    refuse : int
        How many of the next requests are answered with 503.
    seen : int
        Requests so far.
    """

    def __init__(self, port: int) -> None:
        self.delay, self.refuse, self.seen = 0.0, 0, 0
        fault = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fault.seen += 1
                time.sleep(fault.delay)
                if fault.refuse > 0:
                    fault.refuse -= 1
                    self.send_response(503)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                server = HTTPConnection("127.0.0.1", port, timeout=30)
                server.request(self.command, self.path, body, dict(self.headers))
                answer = server.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", answer.getheader("Content-Length") or str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                server.close()

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = pass_on

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


class Services:
    """What shared workspaces of tests lie in; databases are emptied and used again, as making one takes a while.

    Parameters
    ----------
    postgres : PostgresServer
    objects : ObjectServer
    """

    def __init__(self, postgres: PostgresServer, objects: ObjectServer) -> None:
        self.postgres, self.objects = postgres, objects
        self._free: list[str] = []
        self._used: list[str] = []

    def workspace(self, folder: Path) -> Path:
        """A folder that stands for a new shared workspace."""
        from pipeline.connecting import connect_workspace

        url = self._free.pop() if self._free else self.postgres.new_database()
        self._used.append(url)
        connect_workspace(folder, url, self.objects.new_bucket())
        return folder

    def machine(self, workspace: Path, folder: Path) -> Path:
        """The same workspace as another machine has it."""
        folder.mkdir()
        shutil.copy(workspace / "shared.yaml", folder)
        return folder

    def let_go(self) -> None:
        """Empty the databases that were used."""
        for url in self._used:
            self.postgres.empty(url)
        self._free += self._used
        self._used.clear()

    def close(self) -> None:
        """End the servers."""
        self.postgres.close()
        self.objects.close()
