"""Says whether a workspace's folder stands for a database and a store that several machines share: ``shared.yaml``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from diarization.errors import WorkspaceError

from .files import write_whole

FILE = "shared.yaml"
"""The file of a workspace's folder that says so."""

MISSING = "a shared workspace needs drivers that are not installed here: pip install '.[cluster]' in Turntone's folder"

_DATABASES = ("postgresql", "postgres")
_SECRETS = ("password", "passfile", "sslpassword", "key", "secret", "token", "aws_secret_access_key")


@dataclass(frozen=True)
class Shared:
    """Where a shared workspace lies.

    Parameters
    ----------
    database : str
        ``postgresql://user@host:port/name``, without a password: that is PGPASSWORD's, or of the file of passwords.
    artifacts : str
        ``s3://bucket/prefix`` or ``file:///folder``, without keys: those are the AWS_ variables', or a profile's.
    copies_gb : float, optional
        How many GB of copies the folder keeps, above 0; without it, whatever comes.
    """

    database: str
    artifacts: str
    copies_gb: float | None = None

    def is_same_place(self, other: Shared) -> bool:
        """Whether both have the same database and store."""
        return (self.database, self.artifacts) == (other.database, other.artifacts)


def shared_of(folder: Path) -> Shared | None:
    """Where the workspace of a folder lies; None where it is the folder itself.

    Raises
    ------
    WorkspaceError
        Where ``shared.yaml`` cannot be read or does not say so.
    """
    file = folder / FILE
    try:
        changed = file.stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return None
    return _read(file, changed)


@lru_cache(64)
def _read(file: Path, _changed: int) -> Shared:
    import yaml

    try:
        said = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise WorkspaceError(f"{file}: cannot be read ({error}); make a new folder with {_COMMAND}") from error
    if not isinstance(said, dict) or not {"database", "artifacts"} <= set(said) <= _NAMES:
        raise WorkspaceError(
            f"{file}: says something else than database, artifacts and copies_gb; make a new folder with {_COMMAND}"
        )
    return checked(str(said["database"]), str(said["artifacts"]), said.get("copies_gb"))


_COMMAND = "turntone workspace connect"
_NAMES = {each.name for each in fields(Shared)}


def keep_shared(folder: Path, shared: Shared) -> None:
    """Write ``shared.yaml`` into a folder.

    Raises
    ------
    OSError
        Where it cannot be written.
    """
    import yaml

    lines = (
        "# Where the sessions of this workspace lie. No password and no key belongs here: PGPASSWORD or ~/.pgpass, and",
        "# AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY or AWS_PROFILE, have them.",
        f"database: {shared.database}",
        f"artifacts: {shared.artifacts}",
        *([] if shared.copies_gb is None else [yaml.safe_dump({"copies_gb": float(shared.copies_gb)}).strip()]),
        "",
    )
    write_whole(folder / FILE, "\n".join(lines).encode())


def checked(database: str, artifacts: str, copies_gb: float | None = None) -> Shared:
    """The two addresses and how much is kept here, where they are such as can be kept.

    >>> checked("postgresql://turntone@db.example.org/turntone", "s3://calls/turntone/").artifacts
    's3://calls/turntone'

    Raises
    ------
    WorkspaceError
        Where one of them is of another kind, or holds a password or key, or the number is none above 0.
    """
    if urlsplit(database).scheme not in _DATABASES or not urlsplit(database).path.strip("/"):
        raise WorkspaceError(
            f"{without_secrets(database)}: no address of a database; accepted is postgresql://user@host:port/name"
        )
    parts = urlsplit(artifacts)
    if parts.scheme not in ("s3", "file") or not (parts.netloc if parts.scheme == "s3" else parts.path.strip("/")):
        raise WorkspaceError(
            f"{without_secrets(artifacts)}: no address of a store; accepted are s3://bucket/prefix and file:///folder"
        )
    for url, instead in ((database, "PGPASSWORD or the file ~/.pgpass"), (artifacts, "AWS_ variables or a profile")):
        if without_secrets(url) != url:
            raise WorkspaceError(
                f"{without_secrets(url)}: passwords and keys are not kept in a workspace; leave them out and give them "
                f"by {instead}"
            )
    if copies_gb is not None and not (isinstance(copies_gb, int | float) and 0 < copies_gb < float("inf")):
        raise WorkspaceError(f"{copies_gb}: no size of the copies that are kept; give GB as a number above 0")
    return Shared(database, artifacts.rstrip("/"), copies_gb)


def without_secrets(url: str) -> str:
    """An address as it may be shown: no password, no key.

    >>> without_secrets("postgresql://anna:secret@db/turntone?password=x&connect_timeout=3")
    'postgresql://anna@db/turntone?connect_timeout=3'
    """
    parts = urlsplit(url)
    netloc = parts.netloc
    if "@" in netloc:
        who, _, where = netloc.rpartition("@")
        netloc = f"{who.partition(':')[0]}@{where}"
    kept = [each for each in parts.query.split("&") if each and each.partition("=")[0].lower() not in _SECRETS]
    return parts._replace(netloc=netloc, query="&".join(kept)).geturl() if "//" in url else url


def query_of(url: str) -> dict[str, str]:
    """What stands behind the question mark of an address."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
