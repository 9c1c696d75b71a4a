"""Reads of people and certifications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Prefetch, QuerySet

from candidates.models import Agreement, Candidate, Certification, Term, User
from candidates.rules import LifeFacts, Standing, TermFacts, standing_on, status_on
from ceportal.kernel.policy import BOOK


@dataclass(frozen=True, slots=True)
class Held:
    """A certification with the facts of its life."""

    certification: Certification
    life: LifeFacts

    def status_on(self, day: date) -> str | None:
        return status_on(BOOK, self.life, day)

    def standing_on(self, day: date) -> Standing:
        return standing_on(BOOK, self.life, day)


def life_facts(certification: Certification) -> LifeFacts:
    """The facts of a certification's life; terms and track prefetched."""
    return LifeFacts(
        level=certification.track.level,
        first_certified_on=certification.first_certified_on,
        terms=tuple(
            TermFacts(term.kind, term.starts_on, term.renewed_on, term.ends_on) for term in certification.terms.all()
        ),
    )


def held_by(candidate_id: int) -> list[Held]:
    """A candidate's certifications with their lives: two queries. Withdrawn terms never were."""
    return held_in(Certification.objects.filter(candidate_id=candidate_id))


def held_in(certifications: QuerySet[Certification]) -> list[Held]:
    """Certifications of a query set, with their lives."""
    rows = (
        certifications.select_related("track")
        .prefetch_related(Prefetch("terms", Term.objects.filter(withdrawn_at__isnull=True).order_by("starts_on", "id")))
        .order_by("track__name")
    )
    return [Held(row, life_facts(row)) for row in rows]


def record_of(user: AbstractBaseUser | AnonymousUser) -> Candidate | None:
    """The candidate's record that a login is linked to; read once a request, since the user keeps it."""
    return getattr(user, "candidate", None) if isinstance(user, User) else None


def current_agreement(kind: str, day: date) -> Agreement | None:
    """The version of an agreement in force on a day."""
    return Agreement.objects.filter(kind=kind, effective_on__lte=day).order_by("-effective_on").first()


def has_accepted_current(candidate: Candidate, kind: str, day: date) -> bool:
    """Whether the candidate accepted the version in force on a day (CE-05)."""
    agreement = current_agreement(kind, day)
    return agreement is not None and candidate.acceptances.filter(agreement=agreement).exists()
