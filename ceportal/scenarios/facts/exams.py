"""What may be taken, and from when."""

from __future__ import annotations

from ceportal.scenarios.binding import Asking, Permission, tells
from exams.may_sit import may_sit as decide


@tells("may.sit")
def may_sit(asking: Asking, exam: str) -> Permission:
    """Whether an exam may be sat today, at some place that is allowed."""
    answer = decide(candidate_id=asking.candidate.pk, exam_number=exam, day=asking.day)
    return Permission(answer.decision, answer.opens_on)
