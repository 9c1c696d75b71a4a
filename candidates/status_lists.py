"""Which badges are revoked or suspended: signed lists that anybody may fetch and keep (Bitstring Status List 1.0).

A list has one bit for each place. What the bits are follows from the certifications at the moment of asking; the
fetched list says until when it may be relied on.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.urls import reverse

from candidates import issuer, queries
from candidates.models import Badge, Certification
from candidates.models.badges import LIST_LENGTH
from candidates.rules import status_bits
from ceportal.kernel import clock, signatures

PURPOSES = ("revocation", "suspension")
RELIED_ON = timedelta(days=1)  # longer, and an old list could hide what was revoked since
FETCHED_AGAIN = timedelta(minutes=5)  # what caches in between may keep


def address_of(list_number: int, purpose: str) -> str:
    """Where a list is published."""
    return settings.BASE_URL + reverse("badges:status_list", args=[list_number, purpose])


def entries_of(badge: Badge) -> list[dict[str, str]]:
    """What a badge says about where its status stands."""
    return [
        {
            "id": f"{address_of(badge.list_number, purpose)}#{badge.list_index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": purpose,
            "statusListIndex": str(badge.list_index),
            "statusListCredential": address_of(badge.list_number, purpose),
        }
        for purpose in PURPOSES
    ]


def exists(list_number: int) -> bool:
    """Whether a list was begun."""
    return Badge.objects.filter(list_number=list_number).exists()


def signed_list(list_number: int, purpose: str, *, now: datetime) -> str:
    """A list as a signed credential, as of a moment; reads no more rows than have a bit set or are due for a change."""
    address = address_of(list_number, purpose)
    until = now + RELIED_ON
    return signatures.sign_claims(
        {
            "@context": [issuer.CREDENTIALS_CONTEXT],
            "id": address,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": issuer.identifier(),
            "validFrom": issuer.moment(now),
            "validUntil": issuer.moment(until),
            "credentialSubject": {
                "id": f"{address}#list",
                "type": "BitstringStatusList",
                "statusPurpose": purpose,
                "ttl": int(FETCHED_AGAIN.total_seconds() * 1000),
                "encodedList": encoded(_places(list_number, purpose, now=now)),
            },
            "iss": issuer.identifier(),
            "jti": address,
            "nbf": int(now.timestamp()),
            "exp": int(until.timestamp()),
        },
        key_holder=issuer.identifier(),
    )


def encoded(places: Iterable[int]) -> str:
    """Bits as the standard has them: the first is the highest of the first byte; gzip, then base64 after a 'u'."""
    bits = bytearray(LIST_LENGTH // 8)
    for place in places:
        bits[place // 8] |= 0x80 >> (place % 8)
    return "u" + base64.urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).rstrip(b"=").decode()


def _places(list_number: int, purpose: str, *, now: datetime) -> Iterator[int]:
    """The places of a list whose bit is set. Where tonight's sweep has not been, the dates are read themselves."""
    day = clock.day_of(now)
    due = Q(certification__next_change_on__lte=day)
    badges = Badge.objects.filter(list_number=list_number)
    gone = Q(certification__candidate__erased_at__isnull=False)
    if purpose == "revocation":  # what an erased person's badges say is so no more, and never again (CAND-09)
        yield from badges.filter(gone).values_list("list_index", flat=True)
    badges = badges.exclude(gone)
    settled = badges.exclude(due).exclude(standing=F("certification__status"))
    for place, standing, status in settled.values_list("list_index", "standing", "certification__status"):
        if purpose in status_bits(standing, status):
            yield place
    waiting = list(badges.filter(due).values_list("list_index", "standing", "certification_id"))
    concerned = Certification.objects.filter(id__in=[certification_id for *_place, certification_id in waiting])
    statuses = {held.certification.id: held.status_on(day) or "inactive" for held in queries.held_in(concerned)}
    for place, standing, certification_id in waiting:
        if purpose in status_bits(standing, statuses[certification_id]):
            yield place
