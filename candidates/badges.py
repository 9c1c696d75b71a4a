"""Badges: what a certification is, as a signed credential that verifies without the portal (Open Badges 3.0, VC-JWT).

A badge tells what a verification tells (CERT-09): name, track, number, status and dates. It speaks for one standing
(certified, Emeritus, Lifetime Emeritus) and runs to the day on which that ends; whether it was revoked or suspended
before then stands in the status lists. The same certification on the same dates gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from candidates import artwork, baking, issuer, status_lists
from candidates.issuer import moment
from candidates.models import Badge, Track
from candidates.queries import Held
from candidates.rules import term_on
from ceportal.kernel import clock, signatures
from ceportal.kernel.typesetting import Picture

SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"


@dataclass(frozen=True, slots=True)
class Validity:
    """From which day a badge speaks, and on which it no longer does; None: for life."""

    starts_on: date
    ends_on: date | None


def validity_of(held: Held, standing: str, day: date) -> Validity:
    """The stretch of a certification's life for which its badge speaks: the running term, one bought ahead included."""
    running, dates = term_on(held.life, day), held.standing_on(day)
    starts_on = running.starts_on if running else held.life.first_certified_on
    ends_on = {
        "active": dates.active_ends_on,
        "emeritus": dates.emeritus_until,
        "lifetime_emeritus": None,
    }[standing]
    return Validity(starts_on, ends_on)


def token_of(badge: Badge, held: Held, *, day: date) -> str:
    """The signed credential of a badge, as the certification stands on a day; its payload is the credential itself."""
    document = credential(badge, held, day=day)
    claims: dict[str, Any] = {
        **document,
        "iss": issuer.identifier(),
        "jti": document["id"],
        "nbf": _seconds(validity_of(held, badge.standing, day).starts_on),
    }
    ends_on = validity_of(held, badge.standing, day).ends_on
    if ends_on is not None:
        claims["exp"] = _seconds(ends_on)
    return signatures.sign_claims(claims, key_holder=issuer.identifier())


def picture_of(badge: Badge, held: Held, *, form: Picture, day: date) -> bytes:
    """The badge as a picture with its credential inside."""
    picture = artwork.emblem(held.certification.track, badge.standing, form=form)
    bake = baking.bake_svg if form == "svg" else baking.bake_png
    return bake(picture, token_of(badge, held, day=day))


def credential(badge: Badge, held: Held, *, day: date) -> dict[str, Any]:
    """What a badge says, without its signature."""
    certification, validity = held.certification, validity_of(held, badge.standing, day)
    document: dict[str, Any] = {
        "@context": [issuer.CREDENTIALS_CONTEXT, issuer.BADGES_CONTEXT],
        "id": f"urn:uuid:{badge.key}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": issuer.profile(),
        "awardedDate": moment(clock.at(certification.first_certified_on, 0)),
        "validFrom": moment(clock.at(validity.starts_on, 0)),
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": False,
                    "identityHash": certification.candidate.name,
                    "identityType": "name",
                }
            ],
            "licenseNumber": certification.number,
            "achievement": achievement(certification.track, badge.standing),
        },
        "credentialSchema": [{"id": SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
        "credentialStatus": status_lists.entries_of(badge),
    }
    document["name"] = document["credentialSubject"]["achievement"]["name"]
    if validity.ends_on is not None:
        document["validUntil"] = moment(clock.at(validity.ends_on, 0))
    return document


def readable(claims: Mapping[str, Any]) -> dict[str, Any]:
    """What a badge of ours says, in the words of the page that checks signatures; empty for what is no badge."""
    if "OpenBadgeCredential" not in claims["type"]:
        return {}
    subject = claims["credentialSubject"]
    return {
        "candidate": subject["identifier"][0]["identityHash"],
        "certification": claims["name"],
        "certificate_number": subject["licenseNumber"],
        "first_certified_on": claims["awardedDate"],
        "valid_from": claims["validFrom"],
        "valid_until": claims.get("validUntil", ""),
    }


def achievement(track: Track, standing: str) -> dict[str, Any]:
    """What a badge is given for: a track in a standing, published at its own address."""
    address = settings.BASE_URL + reverse("badges:achievement", args=[track.code, standing])
    image = settings.BASE_URL + reverse("badges:emblem", args=[track.code, standing, "png"])
    with translation.override("en"):
        name = f"{track.name}, {Badge.Standing(standing).label}" if standing != "active" else track.name
        return {
            "id": address,
            "type": ["Achievement"],
            "achievementType": "Certification",
            "name": name,
            "description": _describes(track, standing),
            "criteria": {"id": settings.BASE_URL + reverse("policy:clause", args=[_clause(standing)])},
            "image": {"id": image, "type": "Image", "caption": name},
            "tag": [str(track.get_level_display())],
        }


def _describes(track: Track, standing: str) -> str:
    words: Mapping[str, str] = {
        "active": _("Holds an active certification in %(track)s, at the level %(level)s."),
        "emeritus": _(
            "Held an active certification in %(track)s, at the level %(level)s, for the years that Emeritus takes, and "
            "is in Emeritus. Emeritus is not an active status and counts toward no partner requirement."
        ),
        "lifetime_emeritus": _(
            "Held a certification in %(track)s, at the level %(level)s, for the years that Lifetime Emeritus takes, "
            "and is in Emeritus for life. Emeritus is not an active status and counts toward no partner requirement."
        ),
    }
    return words[standing] % {"track": track.name, "level": track.get_level_display()}


def _clause(standing: str) -> str:
    """The clause that says what it takes."""
    return {"active": "CERT-05", "emeritus": "EMR-01", "lifetime_emeritus": "EMR-11"}[standing]


def _seconds(day: date) -> int:
    return int(clock.at(day, 0).timestamp())
