"""Vouchers: issued to one candidate, found by code, redeemed, moved, freed, expired (VCH-01..03)."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from candidates.services import compose_notice, lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, finding, require
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.outbox import emit
from payments import queries, voucher_rules
from payments.codes import new_code, normalised
from payments.models import Order, Voucher
from payments.services import holding
from payments.services.orders import complete_order
from payments.services.pricing import ask_opener, assess_paying, has_open_payment, lock_order, price_anew


@transaction.atomic
def issue_voucher(
    *,
    candidate_id: int,
    expires_on: date,
    origin: str = Voucher.Origin.ISSUED,
    reference: str = "",
    now: datetime,
    issued_by_id: int | None = None,
) -> Voucher:
    """Issue a voucher to one candidate, with a code of its own (VCH-01), and tell. Refused where it would be expired
    (VCH-02).

    Each call issues another one, unless it comes with a reference: under one reference one voucher is issued, to one
    candidate, and the second call gives the first. Emits payments.voucher_issued.
    """
    candidate = lock_candidate(candidate_id)
    issued = Voucher.objects.filter(reference=reference).first() if reference else None
    if issued is not None and issued.candidate_id == candidate_id:
        return issued
    other = issued is not None
    require(voucher_rules.assess_issue(expires_on=expires_on, day=clock.day_of(now), issued_to_another=other))
    voucher = Voucher.objects.create(
        candidate=candidate,
        code=new_code(),
        expires_on=expires_on,
        origin=origin,
        reference=reference,
        issued_at=now,
        issued_by_id=issued_by_id,
    )
    emit("payments.voucher_issued", voucher, now=now, expires_on=expires_on.isoformat(), origin=origin)
    compose_notice(
        candidate=candidate,
        kind="voucher_issued",
        key=f"voucher_issued:{voucher.id}",
        context={"voucher": voucher, "address": settings.BASE_URL + reverse("payments:voucher_list")},
        now=now,
    )
    return voucher


def find_voucher(*, candidate_id: int, code: str, now: datetime) -> Voucher:
    """The voucher that a candidate gives by its code, or Refused: the true reason for an own one (VCH-02, VCH-03).

    A code that is wrong and one of somebody else's voucher are the same to whoever gives it (VCH-01).
    """
    voucher = _own(candidate_id, code)
    facts = queries.voucher_facts(voucher, day=clock.day_of(now)) if voucher else None
    require(voucher_rules.assess_voucher(facts))
    assert voucher is not None  # assessed: VCH-01
    return voucher


@transaction.atomic
def redeem_voucher(*, order_id: int, code: str, candidate_id: int, now: datetime) -> Voucher:
    """Pay an open order by a voucher, as far as that goes: it is redeemed as soon as its code is given (LAB-10).

    The order is priced as of now, what is left is paid by card, and where nothing is the order is complete. Given again
    for the same order it changes nothing. Refused where the order cannot be paid (PAY-04, LAB-07, CAND-02), while its
    card page is open (`stop_payment` closes it), where nothing on it is paid by voucher (LAB-05), and for the voucher's
    own reasons (VCH-01..03). Emits payments.payment_requested, then what `holding.put_on` does.
    """
    order = lock_order(order_id)
    if order.candidate_id != candidate_id:
        raise Order.DoesNotExist(f"Order {order_id} is not of candidate {candidate_id}.")
    voucher = _own(candidate_id, code)
    if voucher is None:
        # Only what could be paid is asked for a code at all.
        require(assess_paying(order, now=now) + _assess_card_page(order))
        voucher = find_voucher(candidate_id=candidate_id, code=code, now=now)
    return _use(voucher, order, now)


@transaction.atomic
def use_voucher(*, order_id: int, voucher_id: int, now: datetime) -> Voucher:
    """Pay an open order by a voucher of the candidate's own list, as `redeem_voucher` does by its code.

    Voucher.DoesNotExist for anybody else's (VCH-01).
    """
    order = lock_order(order_id)
    voucher = holding.lock_voucher(voucher_id, order=order)
    return _use(voucher, order, now)


def _own(candidate_id: int, code: str) -> Voucher | None:
    """A candidate's own voucher by its code; whether it is somebody else's takes no other way."""
    return Voucher.objects.select_related("order").filter(candidate_id=candidate_id, code=normalised(code)).first()


def _use(voucher: Voucher, order: Order, now: datetime) -> Voucher:
    if order.pk in {voucher.order_id, voucher.moving_to_id}:
        return voucher
    require(assess_paying(order, now=now) + _assess_card_page(order))
    ask_opener(order, now=now)
    require(assess_paying(order, now=now))  # it may have been priced to nothing
    kinds = frozenset(order.lines.values_list("kind", flat=True))
    holding.put_on(holding.lock_voucher(voucher.pk, order=order), order, kinds=kinds, now=now)
    price_anew(order, now=now)
    if order.total_cents == 0:
        complete_order(order, paid_at=now, now=now)
    return holding.lock_voucher(voucher.pk, order=order)


def _assess_card_page(order: Order) -> Decision:
    return Decision(
        (
            finding(
                "PAY-04",
                not has_open_payment(order),
                yes=_("No card page is open for it."),
                no=_("The card page of this order is open, and it may be being paid at this moment."),
                next_step=_("Close the card page first."),
            ),
        )
    )
