"""What candidates read of their exams: what they may sit and from when, their results, and what others see of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from candidates.models import Candidate
from candidates.models.sharing import TOKEN_LENGTH
from candidates.rules import link_shows
from candidates.sharing import picture_of
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import Explanation, explain
from exams import queries
from exams.may_sit import MaySit, may_sit_each
from exams.models import Attempt, Exam, ResultLink

TOKEN = re.compile(rf"[\w-]{{{TOKEN_LENGTH}}}", re.ASCII)
ENDED_SHOWN = 20  # of links that show nothing any more, the latest


# ── What may be sat ───────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class ExamAnswer:
    """Whether an exam may be sat on the day asked for, and from when."""

    exam: Exam
    may: MaySit
    why: Explanation

    @property
    def state(self) -> str:
        """As the badge of a page knows it: met, scheduled for a later day, or unmet where no date opens it."""
        if self.may.decision.granted:
            return "met"
        return "scheduled" if self.may.opens_on else "unmet"


def exam_answers(candidate_id: int, *, day: date, held_in: str = "", kind: str = "") -> list[ExamAnswer]:
    """Of every exam still offered on a day, whether the candidate may sit it then; nine questions for all of them."""
    exams = Exam.objects.filter(Q(retires_on__isnull=True) | Q(retires_on__gt=day)).select_related("opened_by")
    offered = list(exams.filter(kind=kind) if kind else exams)
    answers = may_sit_each(candidate_id=candidate_id, exams=offered, day=day, held_in=held_in)
    return [ExamAnswer(exam, answers[exam.pk], explain(answers[exam.pk].decision)) for exam in offered]


# ── Results ───────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Section:
    """A line of a score report: how much of a section was right (EXAM-10)."""

    title: str
    percent: int

    @property
    def width(self) -> int:
        """Of a bar of a hundred units."""
        return max(0, min(100, self.percent))


def sections_of(attempt: Attempt) -> tuple[Section, ...]:
    """The breakdown that came with a result; empty where none did."""
    return tuple(Section(str(each["title"]), int(each["percent"])) for each in attempt.sections or ())


@dataclass(frozen=True, slots=True)
class Report:
    """A result as its candidate reads it, with what became of it."""

    attempt: Attempt
    sections: tuple[Section, ...]
    why: Explanation | None
    history: tuple[Attempt, ...]  # earlier results of that sitting, superseded by corrections, the latest first

    @property
    def counts(self) -> bool:
        """Whether it is a pass or fail that stands, and so can be shown to others."""
        return self.attempt.result in queries.COUNTING and not queries.superseded(self.attempt)


def report_of(candidate: Candidate, attempt_id: int) -> Report | None:
    """The score report of a result of the candidate's own; None where there is none."""
    attempts = Attempt.objects.filter(candidate=candidate).select_related("exam", "attempt", "candidate")
    attempt = attempts.filter(id=attempt_id).first()
    if attempt is None:
        return None
    before = queries.superseded_by(attempt)
    earlier = {each.pk: each for each in attempts.filter(id__in=before)}
    return Report(
        attempt=attempt,
        sections=sections_of(attempt),
        why=explain(Decision.from_json(attempt.decision)) if attempt.decision else None,
        history=tuple(earlier[pk] for pk in before),
    )


# ── What others see ───────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class ShownResult:
    """A result as a link shows it: the one that counts now, whatever was chosen once (EXAM-09)."""

    exam: Exam
    taken_on: date
    result: str
    result_label: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a link shows."""

    name: str
    transcript: bool
    results: tuple[ShownResult, ...]
    last_on: date | None


def shown_by(token: str, *, day: date) -> Shown | None:
    """What a link shows on a day; None for one that is unknown, withdrawn or past its last day (EXAM-14)."""
    if not TOKEN.fullmatch(token):
        return None
    link = ResultLink.objects.select_related("candidate").filter(token=token).first()
    if link is None or not link_shows(last_on=link.last_on, withdrawn=link.withdrawn_at is not None, day=day):
        return None
    return Shown(
        name=link.candidate.name,
        transcript=link.shows == ResultLink.Shows.TRANSCRIPT,
        results=tuple(_shown(each, with_sections=link.with_sections) for each in _standing_of(link)),
        last_on=link.last_on,
    )


def _standing_of(link: ResultLink) -> list[Attempt]:
    """What stands now of the sittings that a link is about, the latest first."""
    standing = Attempt.objects.filter(candidate_id=link.candidate_id, attempt__isnull=True).select_related("exam")
    if link.shows == ResultLink.Shows.TRANSCRIPT:
        return list(standing.filter(result=Attempt.Result.PASS))
    chosen = set(link.attempts.values_list("exam_id", "taken_on"))
    counting = standing.exclude(result=Attempt.Result.DISALLOWED)
    return [each for each in counting if (each.exam_id, each.taken_on) in chosen]


def _shown(attempt: Attempt, *, with_sections: bool) -> ShownResult:
    return ShownResult(
        exam=attempt.exam,
        taken_on=attempt.taken_on,
        result=attempt.result,
        result_label=attempt.get_result_display(),
        sections=sections_of(attempt) if with_sections else (),
    )


# ── Links, as their candidate reads them ──────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class LinkLine:
    """A link that works, with what others need of it."""

    link: ResultLink
    address: str
    code: str  # a picture, as a data: address


@dataclass(frozen=True, slots=True)
class SharingPage:
    """A candidate's links: those that work, and the latest of those that do no more."""

    open: tuple[LinkLine, ...]
    ended: tuple[ResultLink, ...]


def sharing_page(candidate: Candidate, *, day: date) -> SharingPage:
    """A candidate's links; two questions, however many there are."""
    links: Iterable[Any] = ResultLink.objects.filter(candidate=candidate).prefetch_related("attempts__exam")
    works = [(each, link_shows(last_on=each.last_on, withdrawn=bool(each.withdrawn_at), day=day)) for each in links]
    return SharingPage(
        open=tuple(_line(link) for link, shows in works if shows),
        ended=tuple(link for link, shows in works if not shows)[:ENDED_SHOWN],
    )


def _line(link: ResultLink) -> LinkLine:
    address = address_of(link.token)
    return LinkLine(link, address, picture_of(address))


def address_of(token: str) -> str:
    """Where a link leads."""
    return settings.BASE_URL + reverse("shared_results", args=[token])
