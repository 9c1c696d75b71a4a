"""The board's reviews as a story needs them."""

from __future__ import annotations

from datetime import date, datetime

from catalog.models import BoardReview
from catalog.rules import quarter_of
from catalog.services import hold_review


def review_of(day: date, *, now: datetime) -> BoardReview:
    """The review of a day's quarter: the one on record, else one held that day (CAT-02)."""
    quarter = quarter_of(day)
    return BoardReview.objects.filter(quarter=quarter).first() or hold_review(quarter=quarter, held_on=day, now=now)
