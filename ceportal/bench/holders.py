"""Holders of an expert certification who are enrolled: as services would have made them, thousands at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from candidates.models import Acceptance, Agreement, Candidate, Certification, Term, Track
from ceportal.kernel.calendar import add_years
from credits.models import Cycle, Enrollment

YEARS = 3  # that their term runs


def enroll_holders(prefix: str, count: int, *, certified_on: date) -> list[Candidate]:
    """People numbered from the prefix on, certified and enrolled on a day, with the cycle that runs since."""
    at, until = datetime.combine(certified_on, time(12), UTC), add_years(certified_on, YEARS)
    people = Candidate.objects.bulk_create(
        [
            Candidate(
                number=f"{prefix}{number}",
                name=f"Holder {number}",
                born=date(1980, 1, 1),
                country="US",
                email=f"{prefix.lower()}{number}@example.org",
                created_at=at,
            )
            for number in range(count)
        ]
    )
    track, terms = Track.objects.get(code="ccie-security"), Agreement.objects.filter(kind=Agreement.Kind.TERMS)[0]
    certifications = Certification.objects.bulk_create(
        [
            Certification(
                candidate=person,
                track=track,
                number=f"{person.number}-CCIE",
                first_certified_on=certified_on,
                status=Certification.Status.ACTIVE,
                active_ends_on=until,
                inactive_on=until,
                next_change_on=until,
            )
            for person in people
        ]
    )
    Term.objects.bulk_create(
        [
            Term(
                certification=each,
                starts_on=certified_on,
                renewed_on=certified_on,
                reason=Term.Reason.EARNED,
                created_at=at,
            )
            for each in certifications
        ]
    )
    Cycle.objects.bulk_create([Cycle(candidate=person, started_on=certified_on, known_from=at) for person in people])
    accepted = Acceptance.objects.bulk_create(
        [Acceptance(candidate=person, agreement=terms, accepted_at=at) for person in people]
    )
    Enrollment.objects.bulk_create(
        [
            Enrollment(
                candidate_id=each.candidate_id,
                acceptance=each,
                enrolled_on=certified_on,
                enrolled_at=at,
                decision=[],
            )
            for each in accepted
        ]
    )
    return people
