"""What must hold in the ledger whatever its story, each as one question to the database about all rows.

A question finds the first row that is not as it should be. The database itself refuses most of this; whoever can get
past it is found out here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from ceportal.kernel.policy import BOOK


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it follows from the rest: what, and what was expected and found."""

    check: str
    subject: str  # "entry 12", "grant 3", "seal of 2021-05-04"
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.what} Expected: {self.expected}. Found: {self.found}."


@dataclass(frozen=True, slots=True)
class Check:
    """A question and the sentence for a row it finds.

    Its columns: number, expected, found, and whatever else the sentence names as {3}, {4}.
    """

    name: str
    subject: str
    what: str
    question: str
    values: Callable[[], dict[str, Any]] = dict

    def first(self) -> list[Difference]:
        """The first row that differs, if there is one."""
        with connection.cursor() as cursor:
            cursor.execute(f"{self.question} ORDER BY 1 LIMIT 1", self.values())
            return [
                Difference(
                    self.name, f"{self.subject} {row[0]}", self.what.format(*row), *(str(each) for each in row[1:3])
                )
                for row in cursor.fetchall()
            ]


def _by_date(name: str) -> dict[str, Any]:
    """The dated values of a parameter that is a whole number, or nothing where there is no such rule."""
    values = BOOK.series[name].values
    return {"since": [since for since, _value in values], "value": [value for _since, value in values]}


CHECKS = (
    Check(
        "balances",
        "grant",
        "What is stored as remaining of grant {0} is not what its entries add up to.",
        """
        SELECT g.id, coalesce(sums.amount, 0), g.remaining FROM credits_grant g
        LEFT JOIN (SELECT grant_id, sum(amount) AS amount FROM credits_entry GROUP BY grant_id) sums
            ON sums.grant_id = g.id
        WHERE g.remaining <> coalesce(sums.amount, 0)
        """,
    ),
    Check(
        "earned",
        "grant",
        "Grant {0} is not what its first entry says was earned.",
        """
        SELECT g.id,
            coalesce(e.amount || ' credits of candidate ' || e.candidate_id || ' on ' || e.counts_from, 'an entry'),
            g.amount || ' credits of candidate ' || g.candidate_id || ' on ' || g.earned_on
        FROM credits_grant g LEFT JOIN credits_entry e ON e.grant_id = g.id AND e.kind = 'earned'
        WHERE e.id IS NULL OR (e.amount, e.candidate_id, e.counts_from) <> (g.amount, g.candidate_id, g.earned_on)
        """,
    ),
    Check(
        "owners",
        "grant",
        "Not all entries of grant {0} are of its candidate.",
        """
        SELECT e.grant_id, coalesce('candidate ' || g.candidate_id, 'a grant'),
            concat_ws(' and ', 'candidate ' || lowest, 'candidate ' || nullif(highest, lowest))
        FROM (
            SELECT grant_id, min(candidate_id) AS lowest, max(candidate_id) AS highest
            FROM credits_entry GROUP BY grant_id
        ) e LEFT JOIN credits_grant g ON g.id = e.grant_id
        WHERE g.id IS NULL OR lowest <> highest OR lowest <> g.candidate_id
        """,
    ),
    Check(
        "corrections",
        "entry",
        "Entry {0} does not take back exactly what it corrects, entry {3} (CR-07).",
        """
        SELECT e.id, coalesce(-c.amount || ' on grant ' || c.grant_id || ', for ' || c.kind, 'an entry'),
            e.kind || ' ' || e.amount || ' on grant ' || e.grant_id, e.corrects_id
        FROM credits_entry e LEFT JOIN credits_entry c ON c.id = e.corrects_id
        WHERE e.corrects_id IS NOT NULL AND (c.id IS NULL OR c.amount <> -e.amount OR c.grant_id <> e.grant_id
            OR (e.kind = 'corrected') <> (c.kind = 'earned') OR c.kind = 'restored')
        """,
    ),
    Check(
        "renewals",
        "renewal",
        "Renewal {0}, as of {3}, says that it used other credits than the ledger holds for it.",
        """
        SELECT r.id, told.credits, coalesce(-sums.amount, 0), r.requirement_on FROM credits_recertification r
        CROSS JOIN LATERAL (SELECT CASE WHEN r.reversed_at IS NULL THEN r.credits_used ELSE 0 END AS credits) told
        LEFT JOIN (
            SELECT e.recertification_id, sum(e.amount) AS amount
            FROM credits_entry e LEFT JOIN credits_entry c ON c.id = e.corrects_id
            WHERE e.recertification_id IS NOT NULL AND 'used' IN (e.kind, c.kind) GROUP BY e.recertification_id
        ) sums ON sums.recertification_id = r.id
        WHERE coalesce(-sums.amount, 0) <> told.credits
        """,
    ),
    # Where a reversal ends a cycle in the past, what was earned in it since stays, and counts nothing (EXAM-09).
    Check(
        "cycles",
        "grant",
        "Grant {0} does not lie in the cycle it is kept with, cycle {3}.",
        """
        SELECT g.id, 'a cycle of candidate ' || g.candidate_id || ' that covers ' || g.earned_on,
            'one of candidate ' || c.candidate_id || ' from ' || c.started_on || coalesce(' to ' || c.ended_on, '')
                || CASE WHEN c.withdrawn_at IS NULL THEN '' ELSE ', withdrawn' END, c.id
        FROM credits_grant g JOIN credits_cycle c ON c.id = g.cycle_id
        WHERE c.withdrawn_at IS NOT NULL OR c.candidate_id <> g.candidate_id OR g.earned_on < c.started_on
            OR (g.earned_on > c.ended_on AND (g.remaining <> 0 OR EXISTS (
                SELECT FROM credits_entry e WHERE e.grant_id = g.id AND e.kind = 'used'
                    AND NOT EXISTS (SELECT FROM credits_entry c WHERE c.corrects_id = e.id))))
        """,
    ),
    Check(
        "closed cycles",
        "grant",
        "Grant {0} has credits left though its cycle ended on {3} (CR-02, CR-03).",
        """
        SELECT g.id, 0, g.remaining, c.ended_on FROM credits_grant g JOIN credits_cycle c ON c.id = g.cycle_id
        WHERE g.remaining <> 0 AND c.ended_on IS NOT NULL
        """,
    ),
    Check(
        "validity",
        "grant",
        "Grant {0}, earned on {3}, does not expire on its anniversary (CR-01).",
        """
        SELECT g.id, right_day.day, g.expires_on, g.earned_on FROM credits_grant g
        CROSS JOIN LATERAL (
            SELECT (g.earned_on + make_interval(years => years))::date AS day
            FROM unnest(%(since)s::date[], %(value)s::int[]) AS book (since, years)
            WHERE since <= greatest(g.earned_on, (%(since)s::date[])[1]) ORDER BY since DESC LIMIT 1
        ) right_day
        WHERE g.expires_on <> right_day.day
        """,
        lambda: _by_date("credits.validity_years"),
    ),
    Check(
        "use",
        "entry",
        "Entry {0} uses credits when they were not valid (CR-05, CR-06).",
        """
        SELECT e.id, 'a day from ' || g.earned_on || ' to before ' || g.expires_on, e.counts_from
        FROM credits_entry e JOIN credits_grant g ON g.id = e.grant_id
        WHERE e.kind = 'used' AND (e.counts_from < g.earned_on OR e.counts_from >= g.expires_on)
            AND NOT EXISTS (SELECT FROM credits_entry c WHERE c.corrects_id = e.id)
        """,
    ),
    Check(
        "days",
        "grant",
        "On {3} more had been taken from grant {0} than it had.",
        """
        SELECT grant_id, 'at least 0', balance, counts_from FROM (
            SELECT grant_id, counts_from, sum(sum(amount)) OVER (PARTITION BY grant_id ORDER BY counts_from) AS balance
            FROM credits_entry GROUP BY grant_id, counts_from
        ) days
        WHERE balance < 0
        """,
    ),
    Check(
        "event cap",
        "cycle",
        "In cycle {0} sessions at events earned more than the cap leaves (LIVE-06).",
        """
        WITH capped AS (
            SELECT g.id, g.cycle_id, book.cap FROM credits_grant g
            CROSS JOIN LATERAL (
                SELECT cap FROM unnest(%(since)s::date[], %(value)s::int[]) AS value (since, cap)
                WHERE since <= g.earned_on ORDER BY since DESC LIMIT 1
            ) book
            WHERE g.source = 'attendance' AND book.cap IS NOT NULL
        ), kept AS (
            SELECT capped.id, capped.cycle_id, capped.cap, sum(e.amount) AS credits
            FROM capped JOIN credits_entry e ON e.grant_id = capped.id
            WHERE e.kind IN ('earned', 'cut', 'voided') AND NOT EXISTS (
                SELECT FROM credits_entry c WHERE c.corrects_id = e.id)
            GROUP BY capped.id, capped.cycle_id, capped.cap HAVING NOT bool_or(e.kind = 'voided')
        )
        SELECT cycle_id, 'at most ' || max(cap), sum(credits) FROM kept
        GROUP BY cycle_id HAVING sum(credits) > max(cap)
        """,
        lambda: _by_date("live.cycle_cap"),
    ),
)
