"""Webhooks go through TLS to the address that was looked at, and only where its certificate is that of the name."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ceportal.partner_api import scopes
from ceportal.partner_api.webhooks import delivering
from ceportal.partner_api.webhooks.sending import send
from ceportal.partner_api.webhooks.services import send_test, subscribe
from tests.factories import noon
from tests.partner_api.world import registered

NOW = noon("2026-05-04")
BEGAN, ENDED, ENDS = (datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 2021, 2100))
GOOD, OTHER, EXPIRED, SELF_SIGNED = (f"{name}.example.org" for name in ("good", "other", "expired", "self-signed"))
NOT_BELIEVED = "The certificate is not believed: "


@dataclass
class Authority:
    """One that signs certificates, made for the tests; with none above it, its own is signed by itself."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    name: x509.Name = field(default_factory=lambda: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")]))

    def certificate(self, key: Any, subject: x509.Name, *names: str, ends: datetime = ENDS) -> bytes:
        """A certificate in PEM of a key, for names; for none, one that may sign others."""
        made = (
            x509.CertificateBuilder(self.name, subject, key.public_key(), x509.random_serial_number(), BEGAN, ends)
            .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if names:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), False)
        return made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    @property
    def own(self) -> str:
        return self.certificate(self.key, self.name).decode()


@dataclass
class Houses:
    """A receiver that has a certificate for each name it is asked for, as it is asked: which names, and what came."""

    port: int = 0
    authority: Authority = field(default_factory=Authority)
    asked: list[str | None] = field(default_factory=list)
    received: list[tuple[str, bytes]] = field(default_factory=list)

    def url(self, host: str) -> str:
        return f"https://{host}:{self.port}/ce"

    def context_of(self, folder: Path) -> ssl.SSLContext:
        """TLS that picks a certificate by the name that the portal says it wants (SNI)."""
        stranger = Authority(name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SELF_SIGNED)]))
        shown: dict[str, Callable[[Any, x509.Name], bytes]] = {
            GOOD: lambda key, name: self.authority.certificate(key, name, GOOD),
            OTHER: lambda key, name: self.authority.certificate(key, name, GOOD),
            EXPIRED: lambda key, name: self.authority.certificate(key, name, EXPIRED, ends=ENDED),
            SELF_SIGNED: lambda _key, name: stranger.certificate(stranger.key, name, SELF_SIGNED),
        }
        contexts = {}
        for host, make in shown.items():
            key = stranger.key if host == SELF_SIGNED else ec.generate_private_key(ec.SECP256R1())
            written = folder / f"{host}.pem"
            written.write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
                + make(key, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]))
            )
            contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            contexts[host].load_cert_chain(written)

        def pick(line: ssl.SSLObject, name: str | None, _first: ssl.SSLContext) -> None:
            self.asked.append(name)
            line.context = contexts[name or GOOD]

        first = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        first.sni_callback = pick
        return first


@pytest.fixture(scope="module")
def all_houses(tmp_path_factory: Any) -> Iterator[Houses]:
    houses = Houses()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            houses.received.append((self.headers["Host"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Tests are quiet."""

    class Server(ThreadingHTTPServer):
        context = houses.context_of(tmp_path_factory.mktemp("certificates"))

        def finish_request(self, request: Any, client_address: Any) -> None:
            try:
                with self.context.wrap_socket(request, server_side=True) as line:
                    super().finish_request(line, client_address)
            except (ssl.SSLError, ConnectionError):
                pass  # the portal hung up, as it did not believe the certificate

    with Server(("127.0.0.1", 0), Handler) as server:
        houses.port = server.server_port
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield houses
        server.shutdown()
        thread.join()


@pytest.fixture
def houses(all_houses: Houses, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Houses:
    """The receiver, whose names lead to this machine, and whose authority the portal believes."""
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *args: Any, **options: Any) -> Any:
        return real("127.0.0.1" if host.endswith(".example.org") else host, port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    settings.WEBHOOKS_CA = all_houses.authority.own
    all_houses.asked.clear()
    all_houses.received.clear()
    return all_houses


@pytest.mark.django_db
def test_a_message_goes_through_tls_to_the_name_whose_certificate_is_shown(houses: Houses) -> None:
    webhook, _secret = subscribe(
        application_id=registered(scopes.TEST_PARTNER, "tests-inc").credential.application.pk,
        url=houses.url(GOOD), topics=[], description="", now=NOW,
    )  # fmt: skip

    good = delivering.deliver(delivery_id=send_test(webhook_id=webhook.pk, now=NOW).pk, clock=lambda: NOW)

    assert good is not None and good.status == "delivered"
    ((host, body),) = houses.received
    assert (houses.asked, host) == ([GOOD], f"{GOOD}:{houses.port}")
    assert json.loads(body)["type"] == "webhook.test"

    webhook.url = houses.url(OTHER)
    webhook.save()
    other = delivering.deliver(delivery_id=send_test(webhook_id=webhook.pk, now=NOW).pk, clock=lambda: NOW)

    assert other is not None and other.status != "delivered"
    assert [(each.status_code, each.error) for each in other.attempts.all()] == [
        (None, f"{NOT_BELIEVED}Hostname mismatch, certificate is not valid for '{OTHER}'.")
    ]
    assert len(houses.received) == 1


@pytest.mark.parametrize(
    ("host", "why"), [(OTHER, "Hostname mismatch"), (EXPIRED, "has expired"), (SELF_SIGNED, "signed certificate")]
)
def test_nothing_is_told_to_whoever_cannot_show_the_certificate_of_the_name(
    host: str, why: str, houses: Houses
) -> None:
    answer = send(houses.url(host), body="{}", headers={})

    assert answer.error.startswith(NOT_BELIEVED) and why in answer.error
    assert (answer.arrived, houses.asked, houses.received) == (False, [host], [])


def test_an_authority_of_ones_own_is_believed_where_the_operator_says_so_only(houses: Houses, settings: Any) -> None:
    settings.WEBHOOKS_CA = ""

    assert "unable to get local issuer certificate" in send(houses.url(GOOD), body="{}", headers={}).error
    assert houses.received == []
