"""On which ways a server may be reached: this machine alone, TLS, or behind a proxy; never by strangers."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diarization.errors import ConfigError
from pipeline.access.accounts import Accounts


@dataclass(frozen=True)
class Way:
    """How people reach a server.

    Parameters
    ----------
    certificate, key : Path, optional
        TLS certificate chain and its key, as PEM files.
    proxies : tuple of str
        Addresses of proxies whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed; nobody else's are.
    names : tuple of str
        Names under which it may be asked, beside those of the address that it listens on.
    plain : bool
        Whether passwords and recordings may go over a network in the clear.
    """

    certificate: Path | None = None
    key: Path | None = None
    proxies: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    plain: bool = False

    def options(self) -> dict[str, Any]:
        """What uvicorn is told."""
        tls = {"ssl_certfile": self.certificate, "ssl_keyfile": self.key} if self.certificate else {}
        return {
            "access_log": False,
            "server_header": False,
            "proxy_headers": bool(self.proxies),
            "forwarded_allow_ips": list(self.proxies),
            **tls,
        }


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def check_served(folder: Path, host: str, way: Way) -> None:
    """Nothing, where a workspace may be served there in that way.

    Raises
    ------
    ConfigError
        Where it may not, with what to do.
    """
    _check_certificate(way)
    _check_proxies(way)
    if is_loopback(host) and not way.proxies:
        return
    where = f"{host}: others than you can reach that address" if not is_loopback(host) else "behind a proxy"
    if not Accounts(folder).any():
        raise ConfigError(f"{where}, and this workspace has no users; turntone users add NAME --role admin makes one")
    if not (way.certificate or way.proxies or way.plain):
        raise ConfigError(
            f"{where}, and passwords would go there in the clear; give --tls-cert and --tls-key, or --proxy ADDRESS "
            "where a proxy does the TLS, or --plain-http where nobody can listen in"
        )


def _check_certificate(way: Way) -> None:
    if (way.certificate is None) != (way.key is None):
        raise ConfigError("--tls-cert and --tls-key go together: a certificate and its key, as PEM files")
    if way.certificate is None or way.key is None:
        return
    for file in (way.certificate, way.key):
        if not file.is_file():
            raise ConfigError(f"{file}: there is no such file; a PEM file is needed")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(way.certificate, way.key, password="")
    except (ssl.SSLError, OSError) as error:
        why = "the key is not that of the certificate" if "MISMATCH" in str(error) else "not a PEM certificate with key"
        raise ConfigError(f"{way.certificate} and {way.key}: {why}") from error


def _check_proxies(way: Way) -> None:
    for each in way.proxies:
        try:
            ipaddress.ip_network(each)
        except ValueError:
            raise ConfigError(f"--proxy {each}: an address or network of a proxy is needed, as 10.0.0.7") from None
