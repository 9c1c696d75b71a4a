"""Reads of exam results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Q, QuerySet

from candidates.models import Certification
from candidates.queries import Held, held_in
from exams.models import Attempt, Exam
from exams.rules.attempts import OpeningFacts, PastResult, RetakeFacts

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


def last_passes(candidate_ids: Iterable[int]) -> dict[int, date]:
    """Of several candidates those with a pass that stands, each with the day of the last one; one query."""
    passes = Attempt.objects.filter(
        candidate_id__in=list(candidate_ids), result=Attempt.Result.PASS, attempt__isnull=True
    )
    return dict(passes.order_by().values_list("candidate_id").annotate(Max("taken_on")))


@dataclass(frozen=True, slots=True)
class ExamRecord:
    """What is on record of a candidate that retaking exams depends on: results that stand, and certifications."""

    results: Mapping[int, tuple[PastResult, ...]]  # by the key of the exam, oldest first
    held: Mapping[int, Held]  # by the key of the track

    def passed_on(self, exam: Exam, on: date) -> date | None:
        """The day of the last standing pass of an exam up to a day."""
        days = [each.taken_on for each in self.results.get(exam.pk, ()) if each.passed and each.taken_on <= on]
        return max(days, default=None)

    def retake_facts(self, exam: Exam, *, exam_on: date, booked_on: date) -> RetakeFacts:
        """What retaking an exam depends on; of a lab, as it stands on the booking day (EXAM-03 to EXAM-07)."""
        lab = exam.kind == Exam.Kind.EXPERT_LAB and exam.earns_id is not None
        held = self.held.get(exam.earns_id) if lab and exam.earns_id is not None else None
        certified = held is not None and held.status_on(booked_on) == Certification.Status.ACTIVE
        return RetakeFacts(
            exam=exam.number,
            kind=exam.kind,
            exam_on=exam_on,
            results=self.results.get(exam.pk, ()),
            certified=certified,
            active_until=held.standing_on(booked_on).active_ends_on if held is not None and certified else None,
        )

    def opening_facts(self, lab: Exam, *, exam_on: date) -> OpeningFacts:
        """What opens a lab on a day (LAB-03)."""
        written = lab.opened_by
        passed_on = self.passed_on(written, exam_on) if written else None
        return OpeningFacts(written.number if written else "", passed_on, exam_on)


def exam_record(candidate_id: int, *exams: Exam) -> ExamRecord:
    """A candidate's record of some exams, of all where none is named; three questions, however much there is."""
    standing = Attempt.objects.filter(candidate_id=candidate_id, result__in=COUNTING, attempt__isnull=True)
    certifications = Certification.objects.filter(candidate_id=candidate_id)
    if exams:
        standing = standing.filter(exam__in=exams)
        certifications = certifications.filter(track__in=[exam.earns_id for exam in exams])
    results: dict[int, list[PastResult]] = {}
    for exam_id, day, result in standing.order_by("taken_on", "id").values_list("exam_id", "taken_on", "result"):
        results.setdefault(exam_id, []).append(PastResult(day, result == Attempt.Result.PASS))
    labs = not exams or any(exam.kind == Exam.Kind.EXPERT_LAB for exam in exams)
    held = {each.certification.track_id: each for each in held_in(certifications)} if labs else {}
    return ExamRecord({exam_id: tuple(found) for exam_id, found in results.items()}, held)


def retake_facts(candidate_id: int, exam: Exam, *, exam_on: date, booked_on: date) -> RetakeFacts:
    """What retaking an exam on a day depends on; of a lab, as it stands on the booking day (EXAM-03 to EXAM-07)."""
    return exam_record(candidate_id, exam).retake_facts(exam, exam_on=exam_on, booked_on=booked_on)


def opening_facts(candidate_id: int, lab: Exam, *, exam_on: date) -> OpeningFacts:
    """What opens a lab for a candidate on a day (LAB-03)."""
    written = [lab.opened_by] if lab.opened_by else []
    return exam_record(candidate_id, lab, *written).opening_facts(lab, exam_on=exam_on)


def counting_results(candidate_id: int) -> QuerySet[Attempt]:
    """A candidate's passes and fails that stand, the latest first: not superseded, annulled or disallowed."""
    standing = Attempt.objects.filter(candidate_id=candidate_id, result__in=COUNTING, attempt__isnull=True)
    return standing.select_related("exam")


def attempts_of_day(candidate_id: int, exam_id: int, taken_on: date) -> list[Attempt]:
    """Everything on record of a candidate, an exam and a day, superseded and disallowed rows included, oldest first."""
    attempts = Attempt.objects.filter(candidate_id=candidate_id, exam_id=exam_id, taken_on=taken_on)
    return list(attempts.select_related("attempt").order_by("id"))


def standing_among(attempts: Iterable[Attempt]) -> Attempt | None:
    """Of the attempts of a day the one that counts: neither superseded nor disallowed (EXAM-08, EXAM-09)."""
    return next((each for each in attempts if each.result != Attempt.Result.DISALLOWED and not superseded(each)), None)


def reported_of(standing: Attempt, attempts: Iterable[Attempt]) -> set[str]:
    """What was reported of the sitting whose result stands now: the results that corrections superseded, and its own.

    What is disallowed beside it is another report.
    """
    return {each.reported or each.result for each in attempts if each == standing or superseded(each)}


def disallowed_among(attempts: Iterable[Attempt]) -> Attempt | None:
    """Of the attempts of a day the last that stands as disallowed (EXAM-08)."""
    found = [each for each in attempts if each.result == Attempt.Result.DISALLOWED and not superseded(each)]
    return found[-1] if found else None


def standing_after(candidate_id: int, exam: Exam, day: date) -> list[Attempt]:
    """The passes and fails of an exam that stand and were taken after a day, oldest first."""
    attempts = Attempt.objects.filter(candidate_id=candidate_id, exam=exam, taken_on__gt=day)
    return list(attempts.filter(result__in=COUNTING, attempt__isnull=True).order_by("taken_on", "id"))


def superseded(attempt: Attempt) -> bool:
    """Whether a correction took its place (EXAM-09)."""
    return hasattr(attempt, "attempt")


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
