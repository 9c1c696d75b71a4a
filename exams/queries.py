"""Reads of exam results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from exams.models import Attempt


@dataclass(frozen=True, slots=True)
class PassFacts:
    """A passed exam, as recertification sees it."""

    exam_number: str
    kind: str
    taken_on: date


def passes_of(candidate_id: int) -> list[PassFacts]:
    """A candidate's passes that no correction has superseded, oldest first (EXAM-09)."""
    passes = Attempt.objects.filter(
        candidate_id=candidate_id, result=Attempt.Result.PASS, attempt__isnull=True
    ).order_by("taken_on", "id")
    return [
        PassFacts(exam_number=number, kind=kind, taken_on=taken_on)
        for number, kind, taken_on in passes.values_list("exam__number", "exam__kind", "taken_on")
    ]
