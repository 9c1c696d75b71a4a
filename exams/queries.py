"""Reads of exam results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from candidates.models import Certification
from candidates.queries import held_in
from ceportal.kernel.policy import BOOK
from exams.models import Attempt, Exam
from exams.rules import OpeningFacts, PastResult, RetakeFacts, pass_counts_until

COUNTING = (Attempt.Result.PASS, Attempt.Result.FAIL)


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


def last_pass(candidate_id: int, exam: Exam, on: date) -> Attempt | None:
    """The last standing pass of an exam up to a day."""
    passes = Attempt.objects.filter(
        candidate_id=candidate_id, exam=exam, result=Attempt.Result.PASS, attempt__isnull=True, taken_on__lte=on
    )
    return passes.order_by("-taken_on", "-id").first()


def valid_pass(candidate_id: int, exam: Exam, on: date) -> Attempt | None:
    """The last standing pass of an exam, where it counts on a day: until the day before its anniversary (EXAM-01)."""
    last = last_pass(candidate_id, exam, on)
    if last is None:
        return None
    counts_until = pass_counts_until(last.taken_on, BOOK)
    return last if counts_until is None or on < counts_until else None


def opening_facts(candidate_id: int, lab: Exam, *, exam_on: date) -> OpeningFacts:
    """What opens a lab for a candidate on a day (LAB-03)."""
    written = lab.opened_by
    last = last_pass(candidate_id, written, exam_on) if written else None
    return OpeningFacts(written.number if written else "", last.taken_on if last else None, exam_on)


def retake_facts(candidate_id: int, exam: Exam, *, exam_on: date, booked_on: date) -> RetakeFacts:
    """What retaking an exam on a day depends on; of a lab, as it stands on the booking day (EXAM-03 to EXAM-07)."""
    standing = Attempt.objects.filter(
        candidate_id=candidate_id, exam=exam, result__in=COUNTING, attempt__isnull=True, taken_on__lte=exam_on
    )
    results = [
        PastResult(day, result == Attempt.Result.PASS) for day, result in standing.values_list("taken_on", "result")
    ]
    certified, active_until = False, None
    if exam.kind == Exam.Kind.EXPERT_LAB and exam.earns_id is not None:
        earned = Certification.objects.filter(candidate_id=candidate_id, track_id=exam.earns_id)
        for held in held_in(earned):
            certified = held.status_on(booked_on) == Certification.Status.ACTIVE
            active_until = held.standing_on(booked_on).active_ends_on if certified else None
    return RetakeFacts(
        exam=exam.number,
        kind=exam.kind,
        exam_on=exam_on,
        results=tuple(results),
        certified=certified,
        active_until=active_until,
    )


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
