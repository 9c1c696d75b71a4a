"""What candidates are told about enrollment, claims, the fee and renewal: receivers of the relay (CE-13).

Each message has a key of its own, so that a delivery made twice writes it once.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from candidates.models import Candidate, Certification, Term
from candidates.services import compose_notice
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from credits.models import Claim, Cycle, Enrollment


def _address(name: str, *args: Any) -> str:
    return settings.BASE_URL + reverse(name, args=args)


def on_enrolled(event: Event, now: datetime) -> None:
    """Confirm the enrollment, with the version of the terms that was accepted."""
    enrollment = Enrollment.objects.select_related("candidate", "acceptance__agreement").get(id=event.subject_id)
    compose_notice(
        candidate=enrollment.candidate,
        kind="enrolled",
        key=f"enrolled:{enrollment.id}",
        context={"enrollment": enrollment, "address": _address("credits:dashboard")},
        now=now,
    )


def on_claim_decided(event: Event, now: datetime) -> None:
    """Tell what the provider decided; a returned claim counts as decided."""
    claim = Claim.objects.select_related("candidate", "item", "provider").get(id=event.subject_id)
    compose_notice(
        candidate=claim.candidate,
        kind="claim_decided",
        key=f"claim_decided:{event.id}",
        context={
            "claim": claim,
            "outcome": event.topic.removeprefix("credits.claim_"),
            "reason": event.payload.get("reason", ""),
            "address": _address("credits:claim_detail", claim.number),
        },
        now=now,
    )


def on_fee_due(event: Event, now: datetime) -> None:
    """Tell that the credits are there and the administrative fee is what is left (CE-08)."""
    cycle = Cycle.objects.select_related("candidate").get(id=event.subject_id)
    compose_notice(
        candidate=cycle.candidate,
        kind="fee_due",
        key=f"fee_due:{cycle.id}",
        context={"address": _address("credits:fee")},
        now=now,
    )


def on_renewed(event: Event, now: datetime) -> None:
    """Tell that certifications were renewed, by a path or by earning another, and until when.

    One message a person, kind and day, naming every certification renewed as of that day.
    """
    assert event.candidate_id is not None
    renewed_on = date.fromisoformat(event.payload["requirement_on"])
    renewed = Certification.objects.filter(
        candidate_id=event.candidate_id,
        terms__renewed_on=renewed_on,
        terms__reason__in=[Term.Reason.RENEWED, Term.Reason.EARNED_ANOTHER],
        terms__withdrawn_at__isnull=True,
    )
    certifications = list(renewed.select_related("track").distinct().order_by("number"))
    if not certifications:
        return  # taken back before it was told
    compose_notice(
        candidate=Candidate.objects.get(id=event.candidate_id),
        kind="renewed",
        key=f"renewed:{event.candidate_id}:{clock.day_of(event.occurred_at)}",
        context={
            "renewed_on": renewed_on,
            "certifications": certifications,
            "address": _address("credits:dashboard"),
        },
        now=now,
    )


def on_renewal_reversed(event: Event, now: datetime) -> None:
    """Tell that a renewal was taken back, by which clause, and what the dates are now (EXAM-09, CE-12)."""
    assert event.candidate_id is not None
    certifications = Certification.objects.filter(id__in=event.payload["certifications"]).select_related("track")
    compose_notice(
        candidate=Candidate.objects.get(id=event.candidate_id),
        kind="renewal_reversed",
        key=f"renewal_reversed:{event.id}",
        context={
            "clause": event.payload["clause"],
            "renewed_on": date.fromisoformat(event.payload["renewed_on"]),
            "certifications": certifications,
            "address": _address("credits:dashboard"),
        },
        now=now,
    )
