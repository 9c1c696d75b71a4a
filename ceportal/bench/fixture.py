"""A ledger of a million grants, made by SQL: what services would take hours for.

Everything is what the portal itself would have written, but for what nothing here looks at: all grants of a person
stand on one attendance, and nobody holds a certification.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection, transaction

from ceportal.kernel.calendar import add_years

TODAY = date(2026, 6, 1)
GRANTS_EACH = 10  # of a person
PRIME = 7919  # steps through the numbers in an order that follows no index


@dataclass(frozen=True, slots=True)
class Size:
    """How many grants, and how many of them expire in the night that is measured."""

    grants: int = 1_000_000
    due: int = 300_000

    @property
    def people(self) -> int:
        return self.grants // GRANTS_EACH


PEOPLE = """
INSERT INTO candidates_candidate
    (number, name, born, country, region, billing_country, email, time_zone, language, created_at)
SELECT 'B' || n, 'Person ' || n, '1980-01-01', 'US', '', '', 'b' || n || '@example.org', 'UTC', 'en', %(began)s
FROM generate_series(1, %(people)s) n
"""
SESSION = """
WITH gathering AS (
    INSERT INTO catalog_gathering (code, name, place, time_zone, starts_on, ends_on, created_at)
    VALUES ('bench', 'Bench', '', 'UTC', %(first)s, %(first)s, %(began)s) RETURNING id
), session AS (
    INSERT INTO catalog_session (gathering_id, code, title, minutes, marked)
    SELECT id, 'BRK-1000', '', 90, false FROM gathering RETURNING id
)
INSERT INTO catalog_sessiontime (session_id, starts_at, held_on, room) SELECT id, %(began)s, %(first)s, '' FROM session
"""
ATTENDANCES = """
INSERT INTO credits_attendance (candidate_id, session_time_id, attended_on, badges, minutes_present, credits, earned,
    decision, recorded_at, decided_at)
SELECT c.id, t.id, %(first)s, '[[0, 90]]', 90, 4, true, '[]', %(began)s, %(began)s
FROM candidates_candidate c, catalog_sessiontime t
"""
CYCLES = """
INSERT INTO credits_cycle (candidate_id, started_on, end_reason, known_from)
SELECT id, %(first)s, '', %(began)s FROM candidates_candidate
"""
# Those due were earned three years and up to thirty days ago, the others in the thousand days after that.
GRANTS = """
INSERT INTO credits_grant (candidate_id, cycle_id, source, attendance_id, title, amount, remaining, earned_on,
    expires_on, created_at)
SELECT a.candidate_id, cycle.id, 'attendance', a.id, 'Training ' || n.n, 4 + n.n %% 60, 4 + n.n %% 60,
    n.earned_on, n.earned_on + interval '3 years', n.earned_on + interval '12 hours'
FROM (
    SELECT n, CASE WHEN n * %(prime)s %% %(grants)s < %(due)s
        THEN %(three_years_ago)s::date - (n %% 30)::int
        ELSE %(three_years_ago)s::date + 1 + (n %% 1000)::int END AS earned_on
    FROM generate_series(1::bigint, %(grants)s) n
) n
JOIN credits_attendance a ON a.id = (SELECT min(id) FROM credits_attendance) + n.n %% %(people)s
JOIN credits_cycle cycle ON cycle.candidate_id = a.candidate_id
ORDER BY n.n
"""
ENTRIES = """
INSERT INTO credits_entry (candidate_id, grant_id, kind, amount, counts_from, written_at, clause)
SELECT candidate_id, id, 'earned', amount, earned_on, created_at, 'LIVE-05' FROM credits_grant ORDER BY earned_on, id
"""


def build(size: Size) -> None:
    """Fill an empty, migrated database, past triggers and foreign keys: what goes in is right."""
    first = TODAY - timedelta(days=4 * 366)
    values: dict[str, date | str | int] = {
        "three_years_ago": add_years(TODAY, -3),
        "first": first,
        "began": f"{first} 12:00:00+00",
        "people": size.people,
        "grants": size.grants,
        "due": size.due,
        "prime": PRIME,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in (PEOPLE, SESSION, ATTENDANCES, CYCLES, GRANTS, ENTRIES):
            cursor.execute(statement, values)
