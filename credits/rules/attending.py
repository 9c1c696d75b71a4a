"""Attendance at sessions of events, decided: how long somebody was there, what it is worth, what the cap leaves.

A *badge pair* is a minute of coming in and one of going out, counted from the session's start. A *sitting* is an
attendance that meets everything that can be said of it alone; whether it earns depends on the others of its person:
a session counts once (CR-04), and at most a set number of credits from events counts in a cycle (LIVE-06). Both are
settled in the order of completion, however late a report comes. Pure functions.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from catalog.sessions import FLAG, SEMINAR, Code, credits_of
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Book, Parameter, Policy

Pair = tuple[int, int]
SETTLED = frozenset({"CR-04", "LIVE-06"})  # the clauses that look at a person's other attendances


def merge_badges(pairs: Iterable[Sequence[int]]) -> tuple[Pair, ...]:
    """The stretches of time that badge pairs cover; pairs that overlap or touch become one (LIVE-04).

    ValueError for a pair that goes out before it came in.
    """
    merged: list[Pair] = []
    for came, went in sorted((came, went) for came, went in pairs):
        if went < came:
            raise ValueError(f"Nobody goes out in minute {went} who came in in minute {came}.")
        if merged and came <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(went, merged[-1][1]))
        else:
            merged.append((came, went))
    return tuple(merged)


def minutes_present(badges: Iterable[Pair], minutes: int) -> int:
    """How many minutes of a session the merged pairs cover; what lies before or after it does not count (LIVE-04)."""
    return sum(max(0, min(went, minutes) - max(came, 0)) for came, went in badges)


def assess_reporter(acts: bool) -> Decision:
    """Whether whoever reports scans acts for the organiser of the event (CE-10)."""
    return Decision(
        (
            finding(
                "CE-10",
                acts,
                yes=_("Who reports it acts for the organiser of the event."),
                no=_("Who reports it does not act for the organiser of the event any more."),
                next_step=_("The programme's staff say who acts for it; then report it again."),
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A session on the schedule."""

    code: Code
    minutes: int
    marked: bool  # a mission marked as eligible (LIVE-08)


def assess_session(facts: SessionFacts, policy: Policy) -> Decision:
    """What a session must be, whoever attends it (LIVE-01 to LIVE-03, LIVE-05, LIVE-08). The session day's book."""
    findings = [_kind(facts, policy)]
    if facts.code.devnet:
        findings.insert(0, Finding("LIVE-02", False, _("Of the DevNet classes only the workshops earn credits.")))
    if facts.code.kind == FLAG:
        findings.append(
            finding(
                "LIVE-08",
                facts.marked,
                yes=_("The mission is marked as eligible."),
                no=_("The mission is not marked as eligible."),
                next_step=_("Look for the marked missions at the capture-the-flag booth."),
            )
        )
    if (least := policy["live.min_minutes"]).value is not None:  # None: no such rule
        findings.append(
            finding(
                "LIVE-03",
                facts.minutes >= least.value,
                yes=_("The session is long enough: minutes %(minutes)s, at least %(least)s."),
                no=_("The session is too short: minutes %(minutes)s, at least %(least)s."),
                because=(least,),
                minutes=facts.minutes,
                least=least.value,
            )
        )
    if facts.code.kind is not None:
        credits = credits_of(facts.code, facts.minutes, policy)
        findings.append(
            finding(
                "LIVE-05",
                credits > 0,
                yes=_("Worth credits: %(credits)s, for its kind and level %(level)s."),
                no=_("Sessions of this kind and level are worth nothing."),
                because=(policy["live.credits"],),
                credits=credits,
                level=facts.code.level * 1000,
            )
        )
    return Decision(tuple(findings))


def _kind(facts: SessionFacts, policy: Policy) -> Finding:
    return finding(
        "LIVE-01",
        facts.code.kind is not None,
        yes=_("Sessions of this kind earn credits."),
        no=_("Sessions of this kind earn no credits."),
        next_step=_(
            "Technical breakouts (BRK), DevNet workshops (DEVWKS), instructor-led labs (LTR), technical seminars "
            "(TEC) and marked missions of capture the flag (CTF) do."
        ),
        because=(policy["live.half_day_minutes"],) if facts.code.kind == SEMINAR else (),
    )


def assess_presence(present: int, minutes: int, policy: Policy) -> Decision:
    """Whether somebody was there for enough of a session (LIVE-03, LIVE-04); minutes. The session day's book."""
    findings = [
        finding(
            "LIVE-03",
            present > 0,
            yes=_("The badge was scanned on site."),
            no=_("No badge was scanned during the session: being at the event earns nothing by itself (LIVE-07)."),
            next_step=_("Badge in at the door when the session begins, and out when it ends."),
        )
    ]
    if (share := policy["live.min_attendance"]).value is not None:  # None: no such rule
        needed = math.ceil(Decimal(str(share.value)) * minutes)  # decimal: exactly the share is enough
        findings.append(
            finding(
                "LIVE-04",
                present >= needed,
                yes=_("Present long enough: minutes %(present)s of %(minutes)s, at least %(needed)s."),
                no=_("Not present long enough: minutes %(present)s of %(minutes)s, at least %(needed)s."),
                next_step=_("Several stays in one session add up; the same minutes scanned twice count once."),
                because=(share,),
                present=present,
                minutes=minutes,
                needed=needed,
            )
        )
    return Decision(tuple(findings))


# ── One person's sittings in a cycle ──────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Sitting:
    """An attendance that meets everything that can be said of it alone."""

    session_id: int  # the code at the event, whatever the time (CR-04)
    held_on: date
    credits: int  # before the cap


@dataclass(frozen=True, slots=True)
class Share:
    """What a sitting earns beside the others."""

    keeps: int  # credits; 0: it earns nothing
    repeated: bool  # the session has counted already (CR-04)
    capped_before: int  # credits under the cap that come before it
    cap: Parameter  # of the session day; its value None: no cap


def share_out(
    sittings: Iterable[Sitting], *, counted: Collection[int], book: Book, capped_before: int = 0
) -> list[Share]:
    """What sittings of one cycle earn, given in the order of completion (CR-04, LIVE-06).

    `counted`: the sessions that count outside of it. Each session is judged by the cap of its own day; what was not
    under a cap takes no room under one.
    """
    seen = set(counted)
    shares = []
    for sitting in sittings:
        cap = book.on(sitting.held_on)["live.cycle_cap"]
        repeated = sitting.session_id in seen
        left = sitting.credits if cap.value is None else max(0, cap.value - capped_before)
        keeps = 0 if repeated else min(sitting.credits, left)
        shares.append(Share(keeps, repeated, capped_before, cap))
        if keeps:
            seen.add(sitting.session_id)
        if cap.value is not None:
            capped_before += keeps
    return shares


def counts_once(repeated: bool) -> Finding:
    """Whether the session has counted already, at any of its times (CR-04)."""
    return finding(
        "CR-04",
        not repeated,
        yes=_("The session has not counted at another of its times."),
        no=_("The session has counted already: it counts once an event, however often it is held."),
    )


def explain_share(sitting: Sitting, share: Share) -> tuple[Finding, ...]:
    """What the others of a person mean for a sitting (CR-04, LIVE-06)."""
    cap = share.cap.value
    if cap is None:
        return (counts_once(share.repeated),)
    left = max(0, cap - share.capped_before)
    cut_short = _(
        "The session crosses the cap of a cycle for events: %(before)s credits before it, of %(cap)s. "
        "Of its %(credits)s credits %(left)s count."
    )
    return (
        counts_once(share.repeated),
        finding(
            "LIVE-06",
            left > 0,
            yes=_("Within the cap of a cycle for events: %(before)s credits before it, of %(cap)s.")
            if left >= sitting.credits
            else cut_short,
            no=_("The cap of a cycle for events is reached: %(before)s credits before it, of %(cap)s."),
            next_step=_("Trainings and exams count beside it; the next cycle has room for sessions again."),
            because=(share.cap,),
            before=share.capped_before,
            cap=cap,
            credits=sitting.credits,
            left=left,
        ),
    )
