"""What dates make due for Emeritus: the windows of which holders are told (EMR-02)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection

from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from emeritus import services

# Every day from which years may be counted, by its anniversaries of enough years: the first ones are always told,
# later ones where what is held ends before their term would. The rules decide; this only leaves out most of the others.
WINDOWS = """
WITH days AS (
    SELECT c.candidate_id, t.family, c.first_certified_on AS counted_from
    FROM candidates_certification c JOIN candidates_track t ON t.id = c.track_id
    WHERE t.family IN ('ccie', 'ccde') AND c.status NOT IN ('inactive', 'revoked', 'lifetime_emeritus')
    UNION
    SELECT c.candidate_id, t.family, m.starts_on
    FROM candidates_certification c JOIN candidates_track t ON t.id = c.track_id
    JOIN candidates_term m ON m.certification_id = c.id AND m.reason = 'earned' AND m.withdrawn_at IS NULL
    WHERE t.family IN ('ccie', 'ccde') AND c.status NOT IN ('inactive', 'revoked', 'lifetime_emeritus')
),
in_emeritus AS (
    SELECT c.candidate_id, t.family
    FROM candidates_certification c JOIN candidates_track t ON t.id = c.track_id
    WHERE t.family IN ('ccie', 'ccde') AND c.status = 'emeritus'
),
windows AS (
    SELECT candidate_id, family, counted_from, years, anniversary_on,
        (anniversary_on - make_interval(months => %(months)s))::date AS opens_on,
        anniversary_on + %(grace)s AS closes_on,
        (counted_from + make_interval(years => years + 1))::date AS ends_on
    FROM days
    CROSS JOIN LATERAL generate_series(
        greatest(%(years)s, extract(year FROM age(%(first)s::date, counted_from))::int - 1),
        greatest(%(years)s, extract(year FROM age(%(first)s::date, counted_from))::int + 2)
    ) years
    CROSS JOIN LATERAL (SELECT (counted_from + make_interval(years => years))::date AS anniversary_on) returns
)
SELECT {wanted} FROM windows w
WHERE closes_on >= %(first)s {more}
    AND NOT EXISTS (
        SELECT FROM emeritus_windowtold told
        WHERE told.candidate_id = w.candidate_id AND told.family = w.family
            AND told.anniversary_on = w.anniversary_on
    )
    -- Where both families are in Emeritus the newer one's windows count (EMR-07).
    AND NOT (
        EXISTS (SELECT FROM in_emeritus e WHERE e.candidate_id = w.candidate_id AND e.family = w.family)
        AND EXISTS (SELECT FROM in_emeritus e WHERE e.candidate_id = w.candidate_id AND e.family <> w.family)
        AND NOT EXISTS (
            SELECT FROM days d
            WHERE d.candidate_id = w.candidate_id AND d.family <> w.family AND d.counted_from <= w.counted_from
        )
    )
    AND (
        years = %(years)s
        OR EXISTS (
            SELECT FROM candidates_certification c JOIN candidates_track t ON t.id = c.track_id
            WHERE c.candidate_id = w.candidate_id AND t.family IN ('ccie', 'ccde') AND c.active_ends_on < w.ends_on
                AND c.status NOT IN ('inactive', 'revoked', 'lifetime_emeritus') AND c.inactive_on IS NOT NULL
        )
    )
"""
OPEN = WINDOWS.format(wanted="DISTINCT candidate_id", more="AND opens_on <= %(first)s") + " ORDER BY candidate_id"
NEXT = WINDOWS.format(wanted="min(greatest(opens_on, %(first)s))", more="")


def _parameters(day: date) -> dict[str, Any]:
    policy = BOOK.on(day)
    return {
        "first": day,
        "months": policy["emeritus.window_months"].value,
        "grace": policy["emeritus.grace_days"].value,
        "years": policy["emeritus.years"].value,
    }


def tell_windows(*, now: datetime) -> int:
    """Tell holders of the windows that are open, one transaction a holder; messages written."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN, _parameters(clock.day_of(now)))
        ids = [candidate_id for (candidate_id,) in cursor.fetchall()]
    return sum(services.tell_windows(candidate_id=each, now=now) is not None for each in ids)


def next_window_night(*, first: date) -> date | None:
    """The earliest day from one on, on which anybody may have to be told of a window; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, _parameters(first))
        (day,) = cursor.fetchone()
    found: date | None = day
    return found
