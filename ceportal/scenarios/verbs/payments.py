"""Paying what is asked for."""

from __future__ import annotations

from ceportal.scenarios.binding import Act, CannotTell, does
from ceportal.scenarios.kinds import ADMIN_FEE, CARD, DECLINED_CARD
from ceportal.scenarios.verbs.cards import by_card
from ceportal.scenarios.verbs.exam_day import pay_reread
from ceportal.scenarios.verbs.labs import pay_booking
from ceportal.scenarios.vocabulary import BOOKING, REREAD
from credits.services import fees


@does("pay")
def pay(act: Act, *, what: str, with_: str = CARD, rest: str = "") -> None:
    """Pay the administrative fee, or what a label names."""
    if act.stage.is_a(what, BOOKING):
        pay_booking(act, booking=what, with_=with_, rest=rest)
        return
    if act.stage.is_a(what, REREAD):
        pay_reread(act, reread=what, with_=with_, rest=rest)
        return
    if what != ADMIN_FEE:
        act.stage.key_of(what)  # says that no step has made it
    if with_ not in {CARD, DECLINED_CARD} or rest:
        raise CannotTell("The administrative fee is paid by card.")
    order = fees.request_fee(candidate_id=act.candidate.pk, now=act.now)
    by_card(act, order, card=with_, clause="PAY-05")
