"""On which addresses a workspace is served, and by which ways."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from dashboard.app import listen, make_app, serve, uvicorn_server
from dashboard.serving import Way, check_served
from diarization.errors import ConfigError
from pipeline.access.accounts import Accounts


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 and its key, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    today = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(today).not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(names, False).sign(key, hashes.SHA256())
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def users(tmp_path: Path) -> Path:
    Accounts(tmp_path / "workspace").add("ada", "admin", "nine brown hens")
    return tmp_path / "workspace"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_alone_needs_no_users(tmp_path: Path, host: str) -> None:
    check_served(tmp_path / "none", host, Way())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "desk.example", ""])
def test_any_other_address_needs_users(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match="this workspace has no users; turntone users add NAME --role admin"):
        check_served(tmp_path / "none", host, Way(plain=True))
    assert not (tmp_path / "none").exists()


def test_serve_refuses_before_it_listens(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"0\.0\.0\.0: others than you can reach"):
        serve(tmp_path / "none", host="0.0.0.0", port=0)


def test_a_proxy_needs_users_on_this_machine_too(tmp_path: Path, users: Path) -> None:
    with pytest.raises(ConfigError, match="behind a proxy, and this workspace has no users"):
        check_served(tmp_path / "none", "127.0.0.1", Way(proxies=("127.0.0.1",)))
    check_served(users, "127.0.0.1", Way(proxies=("127.0.0.1",)))
    with pytest.raises(ConfigError, match="--proxy x: an address or network"):
        check_served(users, "127.0.0.1", Way(proxies=("x",)))


def test_passwords_go_over_no_network_in_the_clear_unless_somebody_says_so(
    users: Path, certificate: tuple[Path, Path]
) -> None:
    with pytest.raises(ConfigError, match="in the clear; give --tls-cert and --tls-key, or --proxy"):
        check_served(users, "0.0.0.0", Way())
    check_served(users, "0.0.0.0", Way(plain=True))
    check_served(users, "0.0.0.0", Way(*certificate))


def test_certificates_that_cannot_be_used_are_named(users: Path, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    for way, why in (
        (Way(cert), "go together"),
        (Way(cert, key.with_name("other.pem")), "other.pem: there is no such file"),
        (Way(cert, cert), "not a PEM certificate with key"),
    ):
        with pytest.raises(ConfigError, match=why):
            check_served(users, "127.0.0.1", way)


def test_nobodys_forwarding_headers_are_believed_unless_named() -> None:
    assert Way().options()["proxy_headers"] is False
    assert Way(proxies=("10.0.0.7",)).options() == {
        "access_log": False, "server_header": False, "proxy_headers": True, "forwarded_allow_ips": ["10.0.0.7"],
    }  # fmt: skip


def test_pages_are_served_over_tls(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    with listen("127.0.0.1", 0) as sock:
        server = uvicorn_server(make_app(tmp_path / "none"), Way(*certificate))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        address = f"https://127.0.0.1:{sock.getsockname()[1]}/healthz"
        trusted = ssl.create_default_context(cafile=str(certificate[0]))
        with urllib.request.urlopen(address, context=trusted, timeout=10) as answer:
            assert answer.read() == b'{"status":"ok"}'
        server.should_exit = True
        thread.join(timeout=10)
