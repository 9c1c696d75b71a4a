"""Reads of exam results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from exams.models import Attempt, Exam


@dataclass(frozen=True, slots=True)
class PassFacts:
    """A passed exam, as recertification sees it."""

    attempt_id: int
    exam_number: str
    kind: str
    taken_on: date


def passes_of(candidate_id: int) -> list[PassFacts]:
    """A candidate's passes that no correction has superseded, oldest first (EXAM-09)."""
    passes = Attempt.objects.filter(
        candidate_id=candidate_id, result=Attempt.Result.PASS, attempt__isnull=True
    ).order_by("taken_on", "id")
    return [
        PassFacts(attempt_id=attempt_id, exam_number=number, kind=kind, taken_on=taken_on)
        for attempt_id, number, kind, taken_on in passes.values_list("id", "exam__number", "exam__kind", "taken_on")
    ]


def standing_attempt(candidate_id: int, exam_id: int, taken_on: date) -> Attempt | None:
    """The result of an exam on a day that no correction has superseded (EXAM-09)."""
    attempts = Attempt.objects.filter(candidate_id=candidate_id, exam_id=exam_id, taken_on=taken_on)
    return attempts.filter(attempt__isnull=True).first()


def superseded_by(attempt: Attempt) -> list[int]:
    """The attempts that a correction took the place of, the corrected one first; ids."""
    ids = []
    while attempt.supersedes is not None:
        attempt = attempt.supersedes
        ids.append(attempt.pk)
    return ids


def exams_that_earn(track_id: int, day: date) -> list[Exam]:
    """The exams, not retired on a day, that alone earn a certification; none where it takes more (CERT-04)."""
    offered = Q(retires_on__isnull=True) | Q(retires_on__gt=day)
    return list(Exam.objects.filter(offered, earns_id=track_id).order_by("number"))
