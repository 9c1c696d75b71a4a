"""The links by which parents and guardians sign: made from a row and the portal's signature, read back (CAND-05)."""

from __future__ import annotations

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from candidates import rules
from candidates.models import GuardianRequest

SIGNER = Signer(salt="candidates.guardian", sep=".")


def token_of(request: GuardianRequest) -> str:
    """What the link of a request ends with."""
    return SIGNER.sign(request.nonce)


def address_of(request: GuardianRequest) -> str:
    """The whole link."""
    return settings.BASE_URL + reverse("guardian", args=[token_of(request)])


def find_request(token: str) -> GuardianRequest | None:
    """The request of a link; None for one that the portal did not sign, without asking the database."""
    try:
        nonce = SIGNER.unsign(token)
    except BadSignature:
        return None
    return GuardianRequest.objects.select_related("candidate", "consent", "agreement").filter(nonce=nonce).first()


def times_of(request: GuardianRequest) -> rules.LinkTimes:
    """The moments that say where a link stands."""
    return rules.LinkTimes(
        expires_at=request.expires_at,
        withdrawn=request.withdrawn_at is not None,
        signed=request.signed_at is not None,
        signature_stands=request.consent is not None and request.consent.withdrawn_at is None,
    )
