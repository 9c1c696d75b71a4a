"""Sessions of events, decided: what a code says of a session, and what the session is worth (LIVE-01 to LIVE-05).

A *code* is a prefix that names the kind of session, and a number whose thousand is its level: "BRKCCT-2406" is a
technical breakout of level 2000. Pure functions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy

CODE = re.compile(r"([A-Z][A-Z0-9]{2,11})-([0-9]{1,5})", re.ASCII)
DEVNET = "DEV"  # of the DevNet classes only the workshops earn anything (LIVE-02)
DEVNET_WORKSHOP = "DEVWKS"
SEMINAR = "seminar"
FLAG = "flag"
KINDS = (("BRK", "breakout"), ("LTR", "lab"), ("TEC", SEMINAR), ("CTF", FLAG))
HIGHEST_LEVEL = 3  # numbers of 3000 and above (LIVE-05)


@dataclass(frozen=True, slots=True)
class Code:
    """What a session code says."""

    text: str
    kind: str | None  # breakout, lab, seminar, flag; None: a session that earns nothing (LIVE-01)
    devnet: bool  # a DevNet class other than a workshop (LIVE-02)
    level: int  # 1, 2 or 3: the thousand of its number, with what is below or above counted to these (LIVE-05)


def tidy_code(text: str) -> str:
    """A code as it is kept: without blanks around it, in capitals."""
    return text.strip().upper()


def parse_code(text: str) -> Code | None:
    """Read a code; None where it is not one: nothing is guessed."""
    matched = CODE.fullmatch(tidy_code(text))
    if matched is None:
        return None
    prefix, number = matched.groups()
    kind = next((kind for start, kind in KINDS if prefix.startswith(start)), None)
    if prefix == DEVNET_WORKSHOP:
        kind = "breakout"
    return Code(
        text=matched.group(),
        kind=kind,
        devnet=prefix.startswith(DEVNET) and prefix != DEVNET_WORKSHOP,
        level=min(max(1, int(number) // 1000), HIGHEST_LEVEL),
    )


def worth_key(kind: str, minutes: int, policy: Policy) -> str:
    """Under which name the book says what a session is worth; a seminar's depends on its length (LIVE-01)."""
    if kind != SEMINAR:
        return kind
    return "seminar_4h" if minutes <= policy["live.half_day_minutes"].value else "seminar_8h"


def credits_of(code: Code, minutes: int, policy: Policy) -> int:
    """What a session is worth by the book of its day (LIVE-05); 0 for one of a kind that earns nothing."""
    if code.kind is None:
        return 0
    by_level = policy["live.credits"].value[worth_key(code.kind, minutes, policy)]
    return int(by_level[code.level - 1])


@dataclass(frozen=True, slots=True)
class ScheduleFacts:
    """A session as it is put on the schedule of an event."""

    code: str
    minutes: int
    marked: bool


def assess_schedule(facts: ScheduleFacts) -> Decision:
    """Whether a session can be scheduled: what it earns must be plain from its code, length and mark."""
    code = parse_code(facts.code)
    return Decision(
        (
            finding(
                "LIVE-05",
                code is not None,
                yes=_("The code says which kind of session it is, and of which level."),
                no=_("“%(code)s” is not a session code."),
                next_step=_("A code is letters, a hyphen and a number, such as BRKSEC-2020."),
                code=facts.code,
            ),
            finding(
                "LIVE-03",
                facts.minutes > 0,
                yes=_("The session has a length."),
                no=_("The session has no length."),
                next_step=_("Say how many minutes it lasts."),
            ),
            finding(
                "LIVE-08",
                not facts.marked or code is None or code.kind == FLAG,
                yes=_("The mark fits the kind of session."),
                no=_("Only missions of capture the flag are marked as eligible."),
                next_step=_("Leave the mark out; what a session of another kind earns follows from its code."),
            ),
        )
    )
