"""What candidates are told about their results (CE-13): receivers of the relay, one message an event."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from candidates.services import compose_notice
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import explain
from ceportal.kernel.models import Event
from exams.models import Attempt, Reread


def on_attempt_disallowed(event: Event, now: datetime) -> None:
    """Tell that a result does not count, and what forbids it (EXAM-08)."""
    _tell(event, "result_disallowed", now)


def on_attempt_corrected(event: Event, now: datetime) -> None:
    """Tell that a result was corrected, and why: only the online result is official (EXAM-09).

    What a re-read turned is told as its outcome (RRD-04).
    """
    if not Reread.objects.filter(booking__attempt_id=event.subject_id, status=Reread.Status.TURNED).exists():
        _tell(event, "result_corrected", now)


def _tell(event: Event, kind: str, now: datetime) -> None:
    attempt = Attempt.objects.select_related("candidate", "exam").get(pk=event.subject_id)
    with translation.override(attempt.candidate.language):
        unmet = explain(Decision.from_json(attempt.decision or ())).unmet
    context = {
        "attempt": attempt,
        "unmet": unmet,
        "address": settings.BASE_URL + reverse("exams:report", args=[attempt.pk]),
    }
    compose_notice(candidate=attempt.candidate, kind=kind, key=f"{kind}:{attempt.pk}", context=context, now=now)
