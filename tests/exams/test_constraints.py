"""The database refuses what the rules should never have allowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from exams.models import Attempt, Exam, Site, SiteMember, WaitingWish
from tests import factories
from tests.factories import FIRST_DAY, LONG_AGO

pytestmark = pytest.mark.django_db


def _attempt(**changes: object) -> Attempt:
    fields = {
        "candidate": factories.CandidateFactory.create(),
        "exam": factories.ExamFactory.create(),
        "taken_on": FIRST_DAY,
        "result": "pass",
        "recorded_at": LONG_AGO,
    }
    return Attempt.objects.create(**fields | changes)


def _twice(attempt: Attempt) -> object:
    return _attempt(candidate=attempt.candidate)


def _corrected_twice(attempt: Attempt) -> object:
    return [_attempt(candidate=attempt.candidate, supersedes=attempt) for _ in range(2)]


REFUSED: dict[str, Callable[[], object]] = {
    "an unknown kind of exam": lambda: Exam.objects.create(number="x", name="X", kind="oral"),
    "two exams under a number": lambda: [Exam.objects.create(number="x", name="X", kind="core") for _ in range(2)],
    "an unknown result": lambda: _attempt(result="perhaps"),
    "two results of an exam and day": lambda: _twice(_attempt()),
    "a disallowed result twice": lambda: [
        _attempt(candidate=candidate, result="disallowed", reported="pass", decision=[])
        for candidate in [factories.CandidateFactory.create()] * 2
    ],
    "a disallowed result without what was reported": lambda: _attempt(result="disallowed", decision=[]),
    "a disallowed result without a decision": lambda: _attempt(result="disallowed", reported="fail"),
    "something reported beside what counts": lambda: _attempt(result="pass", reported="pass"),
    "a result corrected twice": lambda: _corrected_twice(_attempt()),
    "a result changed afterwards": lambda: Attempt.objects.filter(pk=_attempt().pk).update(result="fail"),
    "a result removed": lambda: Attempt.objects.filter(pk=_attempt().pk)._raw_delete("default"),
    "two sites under a code": lambda: [
        Site.objects.create(code="x", name="X", country="BE", time_zone="UTC") for _ in range(2)
    ],
    "a wish that stands and says why it ended": lambda: WaitingWish.objects.create(
        candidate=factories.CandidateFactory.create(),
        track=factories.TrackFactory.create(),
        first_day=FIRST_DAY,
        last_day=FIRST_DAY,
        asked_at=LONG_AGO,
        ending="over",
    ),
    "a proctor at two sites": lambda: [
        SiteMember.objects.create(user=user, site=factories.SiteFactory.create(code=code))
        for user in [factories.UserFactory.create()]
        for code in ["brussels", "tokyo"]
    ],
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_database_refuses(case: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        REFUSED[case]()
