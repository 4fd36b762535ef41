"""How a server lets people in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Access:
    """What a server asks of those who come.

    Parameters
    ----------
    local : bool
        Whether a workspace without users is open to everybody who reaches the server: for one person on this machine
        alone. Otherwise nobody gets in before there are users.
    sign_ins : str
        Attempts to sign in from one address, as ``limits`` writes them.
    sign_ins_by_name : str
        Attempts with one name, from wherever they come.
    requests : str
        Requests of one user or token to the API, or from one address without either.
    """

    local: bool = True
    sign_ins: str = "10/minute"
    sign_ins_by_name: str = "30/15minutes"
    requests: str = "1200/minute"
