"""Users: who may sign in, what role they have, which cases they see, and their API tokens."""

from __future__ import annotations

import datetime
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from diarization.errors import AccessError

from ..store.database import Database, asked_again
from ..store.models import GRANTS, SIGN_INS, TOKENS, USERS
from ..store.people import clean_name
from ..store.trail import record
from ..store.writing import now
from .passwords import fits, hashed, new_secret, outdated, same, secret_hash
from .visitors import ROLES, Role, Via, Visitor, visiting, visitor

SIGNED_IN = datetime.timedelta(hours=12)
"""How long a sign-in lasts."""

TOKEN = re.compile(r"turntone_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
"""How API tokens are written, so that scanners of code find those that got into it."""

_NAME = re.compile(r"[\w.@+-]{1,64}")


@dataclass(frozen=True)
class User:
    """Somebody who may sign in.

    Parameters
    ----------
    id : str
        Random; what the audit trail knows them by.
    name : str
    role : str
        One of ``ROLES``.
    all_cases : bool
        Whether they see every case, and sessions without a case; admins do.
    cases : tuple of str
        Those that they see, by name.
    tokens : int
        How many API tokens they have.
    """

    id: str
    name: str
    role: Role
    all_cases: bool
    cases: tuple[str, ...]
    tokens: int
    created: datetime.datetime

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values: what ``turntone users list --format json`` prints, one of these each."""
        return vars(self) | {"cases": list(self.cases), "created": self.created.isoformat(timespec="seconds")}

    def visitor(self, via: Via) -> Visitor:
        """Them, at work."""
        return Visitor(self.id, via, self.role, None if self.all_cases else frozenset(self.cases), self.name)


@dataclass(frozen=True)
class Token:
    """An API token, without its secret."""

    id: str
    label: str
    created: datetime.datetime
    expires: datetime.datetime | None

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        times = {"created": self.created, "expires": self.expires}
        return {"id": self.id, "label": self.label} | {
            name: time.isoformat(timespec="seconds") if time else None for name, time in times.items()
        }


class Accounts:
    """The users of a workspace.

    What is changed is written to the audit trail in the same transaction. It is the program that reads and writes here,
    whoever is at work: the callers say who may call.

    Parameters
    ----------
    folder : Path
        The workspace's.
    """

    def __init__(self, folder: Path) -> None:
        self._database = Database(Path(folder) / "workspace.db")

    # Who there is

    @asked_again
    def any(self) -> bool:
        """Whether there is any user; where there is none, nobody signs in."""
        with self._database.reading_if_any() as connection:
            return connection is not None and connection.execute(select(USERS.c.id).limit(1)).first() is not None

    @asked_again
    def users(self) -> list[User]:
        """The users by name."""
        with self._database.reading_if_any() as connection:
            if connection is None:
                return []
            rows = connection.execute(select(USERS).order_by(USERS.c.name)).mappings().all()
            return [_user(connection, row) for row in rows]

    @asked_again
    def user(self, name: str) -> User:
        """The user of that name.

        Raises
        ------
        AccessError
            Where there is none.
        """
        with self._database.reading_if_any() as connection:
            return _found(connection, name)

    @asked_again
    def visitor_of(self, user_id: str, via: Via) -> Visitor | None:
        """The user of that id, at work; None where there is none any more."""
        with self._database.reading_if_any() as connection:
            return _visitor(connection, user_id, via) if connection else None

    # What changes

    def add(self, name: str, role: str, password: str, all_cases: bool = False) -> User:
        """A new user, who sees no case yet unless all of them; an admin sees all.

        Raises
        ------
        AccessError
            Where the name is taken or not accepted, the role does not exist, or the password is too short.
        """
        row: dict[str, Any] = {
            "id": secrets.token_hex(8),
            "name": _checked_name(name),
            "role": _checked_role(role),
            "password": hashed(password),
            "all_cases": all_cases or role == "admin",
            "created": now(),
        }
        with self._writing() as connection:
            if connection.execute(select(USERS.c.id).where(USERS.c.name == name)).first():
                raise AccessError(f"there is a user called {name} already; turntone users list shows all")
            connection.execute(insert(USERS).values(row))
            _record(connection, "user added", row["id"], role)
            return _found(connection, name)

    def set_password(self, name: str, password: str) -> None:
        """Another password; whoever is signed in with the old one is signed out. Tokens stay."""
        kept = hashed(password)
        with self._writing() as connection:
            user = _found(connection, name)
            connection.execute(update(USERS).where(USERS.c.id == user.id).values(password=kept))
            connection.execute(delete(SIGN_INS).where(SIGN_INS.c.user_id == user.id))
            _record(connection, "password changed", user.id)

    def set_role(self, name: str, role: str) -> User:
        """Another role. A new admin sees all cases; somebody who is none any more sees those granted by name.

        Raises
        ------
        AccessError
            Where nobody would be admin any more.
        """
        role = _checked_role(role)
        with self._writing() as connection:
            user = _found(connection, name)
            if user.role == "admin" and role != "admin":
                _check_another_admin(connection, user)
            every = {"all_cases": role == "admin"} if "admin" in (role, user.role) else {}
            connection.execute(update(USERS).where(USERS.c.id == user.id).values(role=role, **every))
            _record(connection, "role changed", user.id, role)
            return _found(connection, name)

    def remove(self, name: str) -> User:
        """Remove a user with tokens, sign-ins and access; the trail keeps their random id, which then names nobody.

        Raises
        ------
        AccessError
            Where they are the last admin and others stay.
        """
        with self._writing() as connection:
            user = _found(connection, name)
            if user.role == "admin" and connection.execute(select(func.count()).select_from(USERS)).scalar() != 1:
                _check_another_admin(connection, user)
            _record(connection, "user removed", user.id)
            connection.execute(delete(USERS).where(USERS.c.id == user.id))
        self._database.wipe()
        return user

    def grant(self, name: str, case: str | None) -> User:
        """Let a user see a case, which may begin later, or with None all of them and sessions without a case."""
        with self._writing() as connection:
            user = _found(connection, name)
            if case is None:
                connection.execute(update(USERS).where(USERS.c.id == user.id).values(all_cases=True))
            elif (case := clean_name(case, "case")) not in user.cases:
                connection.execute(insert(GRANTS).values(user_id=user.id, case_name=case))
            _record(connection, "access granted", user.id, None if case else "all")
            return _found(connection, name)

    def revoke(self, name: str, case: str | None) -> User:
        """Take a case from a user, or with None all that they see.

        Raises
        ------
        AccessError
            Where they do not see it, or see it as an admin.
        """
        with self._writing() as connection:
            user = _found(connection, name)
            if user.role == "admin":
                raise AccessError(f"{name} is an admin, who sees every case; give another role first")
            own = GRANTS.c.user_id == user.id
            if case is None:
                connection.execute(update(USERS).where(USERS.c.id == user.id).values(all_cases=False))
            elif (case := clean_name(case, "case")) not in user.cases:
                every = "; they see all cases, revoke --all first" if user.all_cases else ""
                raise AccessError(f"{name} was not given the case '{case}'{every}")
            connection.execute(delete(GRANTS).where(own, *([GRANTS.c.case_name == case] if case else [])))
            _record(connection, "access revoked", user.id, None if case else "all")
            return _found(connection, name)

    # API tokens

    def make_token(self, name: str, label: str = "", days: int | None = None) -> tuple[Token, str]:
        """A new API token with its secret, which nobody can see again."""
        with self._writing() as connection:
            user = _found(connection, name)
            token_id, secret = secrets.token_hex(8), new_secret()
            expires = now() + datetime.timedelta(days=days) if days else None
            row: dict[str, Any] = {"id": token_id, "label": label[:100], "created": now(), "expires": expires}
            connection.execute(insert(TOKENS).values(**row, user_id=user.id, secret=secret_hash(secret)))
            _record(connection, "token made", user.id)
            return Token(**row), f"turntone_{token_id}_{secret}"

    @asked_again
    def tokens(self, name: str) -> list[Token]:
        """A user's tokens, the oldest first."""
        with self._database.reading_if_any() as connection:
            user = _found(connection, name)
            assert connection is not None
            rows = connection.execute(select(TOKENS).where(TOKENS.c.user_id == user.id).order_by(TOKENS.c.created))
            return [Token(row["id"], row["label"], row["created"], row["expires"]) for row in rows.mappings()]

    def remove_token(self, name: str, token_id: str) -> None:
        """End a token.

        Raises
        ------
        AccessError
            Where the user has none of that id.
        """
        with self._writing() as connection:
            user = _found(connection, name)
            own = (TOKENS.c.user_id == user.id) & (TOKENS.c.id == token_id)
            if not connection.execute(delete(TOKENS).where(own)).rowcount:
                raise AccessError(f"{name} has no token {token_id}; turntone users token {name} --list shows theirs")
            _record(connection, "token removed", user.id)

    @asked_again
    def visitor_of_token(self, text: str, via: Via = "api") -> Visitor | None:
        """Whose token it is, at work; None where it is nobody's or its time is over."""
        written = TOKEN.fullmatch(text)
        with self._database.reading_if_any() as connection:
            if connection is None or written is None:
                return None
            row = connection.execute(select(TOKENS).where(TOKENS.c.id == written[1])).mappings().first()
            kept, over = (row["secret"], row["expires"] and row["expires"] <= now()) if row else ("0" * 64, True)
            if not same(secret_hash(written[2]), kept) or row is None or over:
                return None
            return _visitor(connection, row["user_id"], via)

    # Sign-ins

    @asked_again
    def sign_in(self, name: str, password: str) -> str | None:
        """The id of a new sign-in; None where name and password do not fit together. Both go to the trail."""
        with self._database.reading_if_any() as connection:
            own = select(USERS).where(USERS.c.name == name)
            row = connection.execute(own).mappings().first() if connection else None
        right = fits(password, row["password"] if row else None)
        if row is None or not right:
            with visiting(Visitor("unknown", "page")), self._writing() as connection:
                _record(connection, "sign-in failed", row["id"] if row else None)
            return None
        sign_in = secrets.token_hex(16)
        with self._writing() as connection, visiting(Visitor(row["id"], "page")):
            connection.execute(delete(SIGN_INS).where(SIGN_INS.c.expires <= now()))
            connection.execute(insert(SIGN_INS).values(id=sign_in, user_id=row["id"], expires=now() + SIGNED_IN))
            if outdated(row["password"]):
                connection.execute(update(USERS).where(USERS.c.id == row["id"]).values(password=hashed(password)))
            record(connection, "signed in", "user", row["id"])
        return sign_in

    @asked_again
    def sign_out(self, sign_in: str) -> None:
        """End a sign-in; a copy of its cookie opens nothing any more."""
        with self._writing() as connection:
            own = SIGN_INS.c.id == sign_in
            user_id = connection.execute(select(SIGN_INS.c.user_id).where(own)).scalar()
            if user_id is not None:
                connection.execute(delete(SIGN_INS).where(own))
                _record(connection, "signed out", user_id)

    @asked_again
    def visitor_of_sign_in(self, sign_in: str) -> Visitor | None:
        """Who is signed in there, at work; None where it has ended."""
        with self._database.reading_if_any() as connection:
            if connection is None:
                return None
            there = (SIGN_INS.c.id == sign_in) & (SIGN_INS.c.expires > now())
            user_id = connection.execute(select(SIGN_INS.c.user_id).where(there)).scalar()
            return None if user_id is None else _visitor(connection, user_id, "page")

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        here = visitor()
        with visiting(None), self._database.writing() as connection, visiting(here):
            yield connection


def _record(connection: Connection, action: Any, user_id: str | None, detail: str | None = None) -> None:
    record(connection, action, "user", user_id, detail)


def _visitor(connection: Connection, user_id: str, via: Via) -> Visitor | None:
    row = connection.execute(select(USERS).where(USERS.c.id == user_id)).mappings().first()
    return None if row is None else _user(connection, row).visitor(via)


def _found(connection: Connection | None, name: str) -> User:
    row = connection.execute(select(USERS).where(USERS.c.name == name)).mappings().first() if connection else None
    if connection is None or row is None:
        raise AccessError(f"no user is called '{name}'; turntone users list shows those there are")
    return _user(connection, row)


def _user(connection: Connection, row: RowMapping) -> User:
    cases = connection.execute(select(GRANTS.c.case_name).where(GRANTS.c.user_id == row["id"])).scalars()
    tokens = connection.execute(select(func.count()).where(TOKENS.c.user_id == row["id"])).scalar()
    facts = {name: row[name] for name in ("id", "name", "role", "all_cases", "created")}
    return User(**facts, cases=tuple(sorted(cases)), tokens=int(tokens or 0))


def _check_another_admin(connection: Connection, user: User) -> None:
    others = (USERS.c.role == "admin") & (USERS.c.id != user.id)
    if connection.execute(select(USERS.c.id).where(others)).first() is None:
        raise AccessError(
            f"{user.name} is the only admin; make somebody else one first: turntone users role NAME admin"
        )


def _checked_role(role: str) -> Role:
    for known in ROLES:
        if role == known:
            return known
    raise AccessError(f"'{role}' is no role; accepted are {', '.join(ROLES)}")


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise AccessError(f"'{name}': a user's name has 1 to 64 letters, digits and . @ + - _")
    return name
