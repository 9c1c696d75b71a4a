"""One message to one address: signed (Standard Webhooks), within a time, and whatever is answered read to a bound."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import certifi
import urllib3
from django.conf import settings
from django.utils.translation import gettext as _
from standardwebhooks import Webhook as Signer

from ceportal.partner_api.webhooks.addresses import NotAllowed, Target, resolve, target_of

TIMEOUT = urllib3.Timeout(connect=5, read=10)
LONGEST_ANSWER = 500  # bytes of it that are kept
GONE = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt ended: a status, or an error in words."""

    milliseconds: int
    status_code: int | None = None
    error: str = ""
    text: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the receiver has it. A redirect is no success, and is not followed."""
        return self.status_code is not None and 200 <= self.status_code < 300


def signed_headers(message_id: str, body: str, *, secrets: Iterable[str]) -> dict[str, str]:
    """The headers by which a receiver knows the message, one signature for each secret that is good."""
    # By the time of the world: receivers compare it with their own clock, not with the portal's, which a demo moves.
    at = datetime.fromtimestamp(time.time(), UTC)
    signatures = [Signer(secret).sign(message_id, at, body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
        "Content-Type": "application/json",
        "User-Agent": "ceportal-webhooks",
    }


def send(url: str, *, body: str, headers: dict[str, str]) -> Answer:
    """Post a message to an address; every way in which that can go wrong is an answer, too."""
    began = time.monotonic()
    try:
        target = target_of(url)
        status, text = _post(target, resolve(target), body=body, headers=headers)
    except NotAllowed as error:
        return Answer(_since(began), error=str(error))
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        return Answer(_since(began), error=_in_words(error))
    return Answer(_since(began), status_code=status, text=text)


def _post(target: Target, address: str, *, body: str, headers: dict[str, str]) -> tuple[int, str]:
    with _pool(target, address) as pool:
        response = pool.urlopen(
            "POST", target.path, body=body.encode(), headers={**headers, "Host": target.host_header},
            retries=False, redirect=False, preload_content=False,
        )  # fmt: skip
        try:
            kept = response.read1(LONGEST_ANSWER) if response.status else b""
        finally:
            response.close()
        return response.status, kept[:LONGEST_ANSWER].decode(errors="replace").replace("\0", "")


def _pool(target: Target, address: str) -> urllib3.HTTPConnectionPool:
    """A pool of one connection to the address that was looked at; its certificate is that of the name."""
    if target.scheme == "http":
        return urllib3.HTTPConnectionPool(address, target.port, timeout=TIMEOUT)
    return urllib3.HTTPSConnectionPool(
        address, target.port, timeout=TIMEOUT, cert_reqs="CERT_REQUIRED", ssl_context=trusting(settings.WEBHOOKS_CA),
        server_hostname=target.host,
    )  # fmt: skip


def trusting(own: str) -> ssl.SSLContext:
    """TLS that believes the public authorities, and an operator's `own` (PEM). ssl.SSLError where that holds none."""
    context = urllib3.util.create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.check_hostname = True
    context.load_verify_locations(cafile=certifi.where(), cadata=own or None)
    return context


def _in_words(error: Exception) -> str:
    """What is written down of an error: why a certificate was not believed, else what kind of error it was."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _("The certificate is not believed: %(why)s") % {"why": cause.verify_message}
    return type(error).__name__


def _since(began: float) -> int:
    return round(1000 * (time.monotonic() - began))
