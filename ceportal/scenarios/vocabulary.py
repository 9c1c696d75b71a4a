"""The words of a scenario: every verb with its arguments, every fact with what it may be compared to.

Which of them do anything is said by `verbs` and `facts`: a word that no function there is bound to belongs to an area
of the policy that is not built yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import yaml

from candidates.rules import LEVELS
from ceportal.kernel.policy import BOOK
from ceportal.scenarios.document import fields
from ceportal.scenarios.kinds import (
    ADMIN_FEE,
    BADGES,
    BOOLEAN,
    CARD,
    CLAUSE,
    COUNT,
    COUNTRY,
    DAY,
    DECLINED_CARD,
    EXAM,
    ITEM,
    MONEY,
    NUMBER,
    PERSON,
    REGION,
    SITE,
    TEXT,
    TRACK,
    Kind,
    Scope,
    label,
    nullable,
    one_of,
    word_or_label,
)

CLAIM, BOOKING, VOUCHER, REREAD, INCIDENT = "claim", "booking", "voucher", "re-read", "incident"


@dataclass(frozen=True, slots=True)
class Verb:
    """Something that happens: the arguments it must have, those it may have, and what it makes that can be named."""

    area: str
    needs: Mapping[str, Kind] = field(default_factory=dict)
    takes: Mapping[str, Kind] = field(default_factory=dict)
    makes: str = ""

    @property
    def arguments(self) -> Mapping[str, Kind]:
        return {**self.needs, **self.takes}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that can be asked for: what completes its name, and what it may be compared to."""

    area: str
    value: Kind
    named: Mapping[str, Kind] = field(default_factory=dict)
    summed: bool = False  # a check without `who` asks everybody and adds up
    as_of: bool = False  # can be asked for as it stood on an earlier day


EXAM_RESULT = one_of("pass", "fail")
PAYING = one_of(CARD, DECLINED_CARD)
PAYING_OR_VOUCHER = word_or_label(CARD, DECLINED_CARD, of=(VOUCHER,))
FAMILY = one_of("ccie", "ccde")

VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        # Certifications and people
        "certify": Verb(
            "certifications",
            {"track": TRACK},
            {
                "certified_on": DAY,
                "term_started_on": DAY,
                "emeritus_until": DAY,
                "emeritus_route": one_of("recertify", "written_and_lab"),
                "emeritus_origin": one_of("purchase", "business_transformation"),
            },
        ),
        "accept": Verb("certifications", {"what": one_of("terms", "agreement", "recording")}),
        "sanction": Verb("sanctions", {"clause": CLAUSE}, {"permanent": BOOLEAN, "exams_only": BOOLEAN}),
        "lift": Verb("sanctions"),
        "consent": Verb("candidates", {"by": one_of("guardian")}),
        "identify": Verb("candidates", {"country": COUNTRY}),
        "affiliate": Verb("candidates", {"partner": TEXT, "country": COUNTRY}, {"full_time": BOOLEAN}),
        "leave": Verb("candidates"),
        "move": Verb("candidates", takes={"country": COUNTRY, "region": REGION}),
        # Credits
        "enroll": Verb("credits", takes={"accept": BOOLEAN}),
        "claim": Verb(
            "credits",
            {"item": ITEM, "completed_on": DAY},
            {
                "delivery": one_of("authorised", "unauthorised"),
                "evidence": BOOLEAN,
                "kit": one_of("digital", "printed", "printed_registered"),
            },
            makes=CLAIM,
        ),
        "decide": Verb(
            "credits",
            {"claim": label(CLAIM), "outcome": one_of("approve", "reject", "return")},
            {"by": one_of("other_provider", "self"), "reason": TEXT},
        ),
        "report": Verb("credits", {"item": ITEM, "completed_on": DAY}),
        "audit": Verb("credits", {"claim": label(CLAIM), "outcome": EXAM_RESULT}),
        "attend": Verb("events", {"session": TEXT, "badges": BADGES}, {"event": TEXT}),
        "author": Verb(
            "exam development",
            {"kind": one_of(*BOOK.series["xdev.item_credits"].values[0][1]), "accepted": COUNT},
            {"direct": BOOLEAN},
        ),
        "workshop": Verb("exam development", {"kind": one_of("mqc", "jta"), "level": one_of(*LEVELS), "days": COUNT}),
        "list": Verb("catalog", {"item": ITEM}),
        "delist": Verb("catalog", {"item": ITEM}),
        # Payments
        "pay": Verb(
            "payments",
            {"what": word_or_label(ADMIN_FEE, of=(BOOKING, REREAD))},
            {"with": PAYING_OR_VOUCHER, "rest": PAYING},
        ),
        "voucher": Verb("vouchers", {"expires_on": DAY}, {"for": PERSON}, makes=VOUCHER),
        # Exams and labs
        "sit": Verb("exams", {"exam": EXAM, "result": EXAM_RESULT}, {"country": COUNTRY, "accept": BOOLEAN}),
        "correct": Verb(
            "exams",
            {"exam": EXAM, "taken_on": DAY, "result": one_of("pass", "fail", "annulled")},
            {"reason": TEXT},
        ),
        "retire": Verb("exams", {"exam": EXAM}),
        "book": Verb(
            "labs",
            {"track": TRACK, "site": SITE, "day": DAY},
            {"kit": one_of("byod", "kit"), "accept": BOOLEAN, "with": PAYING_OR_VOUCHER, "rest": PAYING},
            makes=BOOKING,
        ),
        "reschedule": Verb(
            "labs",
            {"booking": label(BOOKING), "site": SITE, "day": DAY},
            {"with": PAYING_OR_VOUCHER, "rest": PAYING},
            makes=BOOKING,
        ),
        "drop": Verb("labs", {"booking": label(BOOKING)}),
        "cancel": Verb("labs", {"booking": label(BOOKING)}),
        "arrive": Verb("labs", {"booking": label(BOOKING)}, {"minutes_late": COUNT}),
        "absent": Verb("labs", {"booking": label(BOOKING)}),
        "finish": Verb("labs", {"booking": label(BOOKING), "result": EXAM_RESULT}, {"rereadable": BOOLEAN}),
        "incident": Verb(
            "labs",
            {"booking": label(BOOKING), "minutes": COUNT},
            {"caused_by_candidate": BOOLEAN, "modules_passed": BOOLEAN},
            makes=INCIDENT,
        ),
        "remedy": Verb("labs", {"booking": label(BOOKING), "kind": one_of("reschedule", "voucher")}, makes=VOUCHER),
        "reread": Verb("labs", {"booking": label(BOOKING)}, makes=REREAD),
        "reread_result": Verb("labs", {"booking": label(BOOKING), "result": EXAM_RESULT}),
        # Emeritus
        "emeritus": Verb("emeritus", {"family": FAMILY}, {"confirm": BOOLEAN, "with": PAYING}),
    }
)


@dataclass(frozen=True, slots=True)
class MayNot:
    """What a permission is compared to: forbidden by a clause, perhaps up to the day before another."""

    clause: str
    opens_on: Any = None


def _permission(node: yaml.Node, scope: Scope) -> Any:
    if isinstance(node, yaml.ScalarNode) and node.value in {"true", "True"}:
        return True
    return MayNot(CLAUSE.read(node, scope))


def _permission_from(node: yaml.Node, scope: Scope) -> Any:
    if not isinstance(node, yaml.MappingNode):
        return _permission(node, scope)
    found = fields(node, "may.sit")
    if set(found) != {"from", "clause"}:
        raise ValueError(found)
    return MayNot(CLAUSE.read(found["clause"].node, scope), DAY.read(found["from"].node, scope))


STATUS = one_of("active", "suspended", "inactive", "grace", "emeritus", "lifetime_emeritus", "revoked")
PERMISSION = Kind("true, or a clause that forbids it", _permission)
PERMISSION_FROM = Kind("true, a clause that forbids it, or {from: 2021-03-07, clause: EXAM-03}", _permission_from)
NOTICES = {
    "lapse_reminder": "certifications",
    "lapsed": "certifications",
    "renewed": "credits",
    "claim_decided": "credits",
    "payment_reminder": "labs",
    "booking_cancelled": "labs",
    "booking_confirmed": "labs",
    "emeritus_window": "emeritus",
    "emeritus_confirmed": "emeritus",
    "lifetime_emeritus": "emeritus",
    "sanction": "sanctions",
}

FACTS: Mapping[str, Fact] = MappingProxyType(
    {
        "status": Fact("certifications", STATUS, {"TRACK": TRACK}),
        "lapses_on": Fact("certifications", nullable(DAY), {"TRACK": TRACK}),
        "inactive_on": Fact("certifications", nullable(DAY), {"TRACK": TRACK}),
        "emeritus_until": Fact("certifications", nullable(DAY)),
        "credits.available": Fact("credits", NUMBER, as_of=True),
        "credits.used": Fact("credits", NUMBER, as_of=True),
        "credits.expired": Fact("credits", NUMBER, as_of=True),
        "credits.voided": Fact("credits", NUMBER, as_of=True),
        "credits.cut": Fact("credits", NUMBER, as_of=True),
        "credits.lifetime.used": Fact("credits", NUMBER),
        "credits.lifetime.expired": Fact("credits", NUMBER),
        "cycle.started_on": Fact("credits", nullable(DAY)),
        "missing.credits": Fact("credits", nullable(NUMBER)),
        "missing.fee": Fact("credits", BOOLEAN),
        "claim": Fact(
            "credits",
            one_of("submitted", "returned", "approved", "rejected", "voided"),
            {"LABEL": label(CLAIM)},
        ),
        "booking": Fact(
            "labs",
            one_of(
                *("reserved", "paid", "unpaid_cancelled", "dropped", "cancelled", "rescheduled"),
                *("no_show", "sat", "passed", "failed", "incident"),
            ),
            {"LABEL": label(BOOKING)},
        ),
        "seats": Fact("labs", COUNT, {"SITE": SITE, "DAY": DAY}),
        "voucher": Fact("vouchers", one_of("unused", "redeemed", "expired"), {"LABEL": label(VOUCHER)}),
        "charged": Fact("payments", MONEY, summed=True),
        "refunded": Fact("payments", MONEY, summed=True),
        "invoices": Fact("payments", COUNT, summed=True),
        "credit_notes": Fact("payments", COUNT, summed=True),
        "notices": Fact("notices", COUNT, {"KIND": one_of(*NOTICES)}, summed=True),
        "may.enroll": Fact("credits", PERMISSION),
        "may.claim": Fact("credits", PERMISSION),
        "may.book": Fact("labs", PERMISSION, {"TRACK": TRACK}),
        "may.buy_emeritus": Fact("emeritus", PERMISSION, {"FAMILY": FAMILY}),
        "may.sit": Fact("exams", PERMISSION_FROM, {"EXAM": EXAM}),
        "ledger.sound": Fact("credits", BOOLEAN),
    }
)
