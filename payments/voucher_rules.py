"""Who may use a voucher, for what and until when. Pure: values in, decisions out.

To whom a code was not issued, it is not said whether there is such a code at all (VCH-01): one decision, the same
words. To the holder the true reason is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _

# What may follow what; the diagram of the state machine.
VOUCHER_TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    "unused": ("reserved", "redeemed", "expired"),
    "reserved": ("redeemed", "unused", "expired"),  # on a change of booking that is paid, or not made
    "redeemed": ("unused", "expired"),  # back from a booking that was cancelled unpaid or dropped (LAB-07)
    "expired": (),
}
PAYS_FOR = frozenset({"lab_fee"})  # the kinds of lines whose net it covers
CARD_ONLY: Mapping[str, str] = {"reread_fee": "RRD-03", "reschedule_fee": "RSCH-02"}


@dataclass(frozen=True, slots=True)
class VoucherFacts:
    """A voucher of the candidate who gives it. `used_for`: the number of the order that it pays, empty if none."""

    status: str
    expires_on: date
    used_for: str
    day: date  # on which it is redeemed or moved (VCH-02)


def assess_issue(*, expires_on: date, day: date, issued_to_another: bool = False) -> Decision:
    """A voucher is issued so that it can be used, today at least (VCH-02), and to one candidate (VCH-01)."""
    return Decision(
        (
            finding(
                "VCH-01",
                not issued_to_another,
                yes=_("Nobody else has a voucher under this reference."),
                no=_("Under this reference a voucher was issued to another candidate."),
                next_step=_("Use a reference for one voucher only."),
            ),
            finding(
                "VCH-02",
                day <= expires_on,
                yes=_("The voucher is valid until %(expires_on)s."),
                no=_("The voucher would have expired at the end of %(expires_on)s."),
                next_step=_("Choose today or a later day."),
                expires_on=expires_on,
            ),
        )
    )


def assess_voucher(facts: VoucherFacts | None) -> Decision:
    """Whether a code pays a fee: None where it is no code of one of the candidate's own vouchers (VCH-01..03)."""
    own = finding(
        "VCH-01",
        facts is not None,
        yes=_("The voucher was issued to you."),
        no=_("This is not the code of one of your vouchers."),
        next_step=_("Check the code. A voucher pays only for the candidate it was issued to."),
    )
    if facts is None:
        return Decision((own,))
    return Decision(
        (
            own,
            _in_time("VCH-02", facts),
            finding(
                "VCH-03",
                not facts.used_for,
                yes=_("The voucher has not been used."),
                no=_("The voucher was used for order %(order)s; it is redeemed once."),
                next_step=_("Use another voucher, or pay by card."),
                order=facts.used_for,
            ),
        )
    )


def assess_move(facts: VoucherFacts) -> Decision:
    """A voucher goes along to another booking while it is valid, judged on the day it is moved (RSCH-05, RSCH-06)."""
    return Decision((_in_time("RSCH-06", facts), _in_time("VCH-02", facts)))


def assess_tries(*, minutes_locked: int) -> Decision:
    """Whether another code is taken from somebody who gave wrong ones (EXAM-12): in how many minutes, 0 for now."""
    return Decision(
        (
            finding(
                "EXAM-12",
                minutes_locked == 0,
                yes=_("Not too many wrong codes were given."),
                no=_("Too many wrong codes were given; the next one is taken in %(minutes)s minutes."),
                next_step=_("Vouchers that were issued to you stand in your list and need no code."),
                minutes=minutes_locked,
            ),
        )
    )


def suspicion(*, codes: int, minutes: int, address: str) -> Decision:
    """What a case about guessed codes rests on (EXAM-12)."""
    return Decision(
        (
            Finding(
                "EXAM-12",
                False,
                _("%(codes)s codes that are none of the candidate's vouchers were given within %(minutes)s minutes."),
                {"codes": codes, "minutes": minutes, "address": address},
            ),
        )
    )


def is_wrong_code(decision: Decision) -> bool:
    """Whether a refusal says that the code is none of the candidate's own."""
    return "VCH-01" in decision.clauses_unmet


def assess_paid_by_voucher(*, kinds: frozenset[str], held: bool) -> Decision:
    """Whether an order can be paid by a voucher at all: it has the fee of an exam, and no voucher yet (VCH-02)."""
    clause = next((CARD_ONLY[kind] for kind in sorted(kinds) if kind in CARD_ONLY), "LAB-05")
    return Decision(
        (
            finding(
                clause,
                bool(kinds & PAYS_FOR),
                yes=_("A voucher pays the fee of an exam."),
                no=_("A voucher pays the fee of an exam and nothing else; this is paid by card."),
                next_step=_("Pay by card."),
            ),
            finding(
                "LAB-10",
                not held,
                yes=_("No other voucher pays for it."),
                no=_("A voucher pays for it already; what it does not cover, tax included, is paid by card."),
                next_step=_("Pay the rest by card."),
            ),
        )
    )


def status_when_free(*, expires_on: date, day: date) -> str:
    """What a voucher is that pays for nothing any more: usable, or expired by its date (VCH-02)."""
    return "unused" if day <= expires_on else "expired"


def _in_time(clause: str, facts: VoucherFacts) -> Finding:
    return finding(
        clause,
        facts.day <= facts.expires_on and facts.status != "expired",
        yes=_("The voucher is valid until %(expires_on)s."),
        no=_("The voucher expired at the end of %(expires_on)s."),
        next_step=_("Pay by card."),
        expires_on=facts.expires_on,
    )
