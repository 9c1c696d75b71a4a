"""Entering the programme."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from candidates import queries as candidates_queries
from candidates import services as candidates
from candidates.models import Agreement
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import Enrollment
from credits.rules import claims as rules


@transaction.atomic
def enroll(
    *,
    candidate_id: int,
    accept_terms: bool,
    now: datetime,
    ip_address: str | None = None,
    version: str | None = None,
    language: str = "",
) -> Enrollment:
    """Enroll a candidate in the programme, or refuse and say why (CE-02 to CE-05).

    The accepted version of the terms is kept with its moment, address and language. Enrolling twice gives the first
    enrollment.
    """
    candidate = candidates.lock_candidate(candidate_id)
    existing = Enrollment.objects.filter(candidate=candidate).first()
    if existing is not None:
        return existing
    # The book of the day of enrollment governs (CE-02).
    day = clock.day_of(now)
    accepted = accept_terms or candidates_queries.has_accepted_current(candidate, Agreement.Kind.TERMS, day)
    decision = require(
        rules.assess_enrollment(queries.enrollment_facts(candidate, day, terms_accepted=accepted), BOOK.on(day))
    )
    acceptance = candidates.accept_agreement(
        candidate_id=candidate_id,
        kind=Agreement.Kind.TERMS,
        ip_address=ip_address,
        version=version,
        language=language,
        now=now,
    )
    enrollment = Enrollment.objects.create(
        candidate=candidate,
        acceptance=acceptance,
        enrolled_on=day,
        enrolled_at=now,
        decision=decision.as_json(),
    )
    emit("credits.enrolled", enrollment, now=now)
    return enrollment
