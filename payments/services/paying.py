"""Paying an order on the hosted card page, and finding out how that went.

The row comes first, then the call, then the answer; the idempotency key is the row's own, so that a crash in
between and a double click both meet the same page (PAY-04).
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused, require
from ceportal.kernel.outbox import emit
from payments import gateway, rules
from payments.models import Order, Payment
from payments.services.orders import complete_order
from payments.services.pricing import ask_opener, assess_paying, has_open_payment, lock_order, price_anew
from payments.services.refunds import give_back
from payments.services.transfers import post_payment

log = structlog.get_logger(__name__)

PAGE_OPEN = timedelta(hours=2)
SHORTEST_PAGE = timedelta(minutes=31)  # the card service asks for 30 minutes at least, counted from the call
CHECK_EVERY = timedelta(minutes=10)
TAKEN = frozenset({Payment.Status.SUCCEEDED, Payment.Status.SURPLUS})
TRIES = 3


class CardServiceUnavailable(Exception):  # noqa: N818 - it says what happened
    """The card service cannot be reached or does not answer as it should. Nothing is lost; ask again later."""


def start_payment(
    *, order_id: int, success_url: str, cancel_url: str, now: datetime, shown_cents: int | None = None
) -> Payment:
    """Open the card page of an order, or find the one that is open; the payment holds its address.

    Refused unless the order is open and in time (PAY-04, LAB-07), where a sanction bars it (CAND-02), where whoever
    opened it refuses, and where it costs another amount by now than `shown_cents`, to which the candidate agreed: then
    the order keeps its new amount, to be shown and agreed to (LAB-04).
    CardServiceUnavailable where no page can be had now. Emits payments.payment_requested before a new page is priced,
    and payments.payment_started once a page.
    """
    for _attempt in range(TRIES):
        payment = _claim_payment(order_id=order_id, shown_cents=shown_cents, now=now)
        if payment is None:
            # Priced anew, it costs nothing and is complete, or another amount than was agreed to.
            order = Order.objects.get(id=order_id)
            standing = assess_paying(order, now=now)
            agreed = rules.assess_agreed(shown_cents=shown_cents, asked_cents=order.total_cents)
            raise Refused(agreed if standing.granted else standing)
        if payment.session_id:
            # It may have been paid or have expired since: then the rules decide anew.
            payment = refresh_payment(payment_id=payment.id, now=now)
        else:
            payment = _open_page(payment, success_url, cancel_url, now)
        if payment.status == Payment.Status.OPEN and payment.page_url:
            return payment
    raise CardServiceUnavailable(f"No card page could be opened for order {order_id}.")


def refresh_payment(*, payment_id: int, now: datetime) -> Payment:
    """Ask the card service how a payment stands and record the answer; one that is settled is left alone.

    A page that is past its time, or whose order can no longer be paid, is closed first. CardServiceUnavailable where
    the question cannot be answered now.
    """
    payment = Payment.objects.select_related("order").get(id=payment_id)
    if payment.status in TAKEN or not payment.session_id:
        return payment
    overdue = now >= payment.expires_at or not assess_paying(payment.order, now=now).granted
    try:
        session = gateway.fetch_checkout(payment.session_id)
        if session.status == "open" and overdue:
            session = _close_page(payment.session_id)
    except gateway.GatewayUnavailable as error:
        raise CardServiceUnavailable(str(error)) from error
    except gateway.GatewayRefused as refusal:
        log.exception("payment_not_known_to_card_service", payment=payment.id, code=refusal.code)
        if refusal.code != "resource_missing":
            raise CardServiceUnavailable(refusal.message) from refusal
        return give_up(payment_id=payment.id, now=now)
    return record_checkout(payment_id=payment.id, session=session, now=now)


def refresh_order(*, order_id: int, now: datetime) -> None:
    """Find out about the payment of an order that is open, if there is one. CardServiceUnavailable: not now."""
    payment_id = (
        Payment.objects.filter(order_id=order_id, status=Payment.Status.OPEN).values_list("id", flat=True).first()
    )
    if payment_id is not None:
        refresh_payment(payment_id=payment_id, now=now)


def stop_payment(*, order_id: int, now: datetime) -> None:
    """Close the card page of an order, if one is open, so that it can be priced or paid otherwise.

    What was paid on it is recorded. CardServiceUnavailable: not now.
    """
    for payment in Payment.objects.filter(order_id=order_id, status=Payment.Status.OPEN):
        if payment.session_id is None:
            give_up(payment_id=payment.id, now=now)
            continue
        try:
            session = _close_page(payment.session_id)
        except (gateway.GatewayUnavailable, gateway.GatewayRefused) as error:
            raise CardServiceUnavailable(str(error)) from error
        record_checkout(payment_id=payment.id, session=session, now=now)


def follow_payment(*, payment_id: int, now: datetime) -> Payment:
    """Find out about a payment that was left open; one that never got a page is given up, nobody can pay it."""
    payment = Payment.objects.get(id=payment_id)
    if payment.session_id:
        return refresh_payment(payment_id=payment_id, now=now)
    return give_up(payment_id=payment_id, now=now)


@transaction.atomic
def record_checkout(*, payment_id: int, session: gateway.CheckoutSession, now: datetime) -> Payment:
    """Write down what the card service says of a payment; whoever comes first settles it, the rest change nothing.

    Paid: the order is paid as of the moment of the charge, or the money goes back where nothing is owed any more
    (PAY-04) or the time to pay was over (LAB-07). Declined: only the reason is kept (PAY-05). Expired: another payment
    may be started. Emits payments.payment_succeeded, payment_surplus, payment_declined or payment_expired.
    """
    payment = lock_payment(payment_id)
    if payment.status in TAKEN:
        return payment
    payment.intent_id = session.payment_intent_id or payment.intent_id
    if session.payment_status == gateway.PAID:
        _settle(payment, session, now)
    elif session.status != "open" and payment.status == Payment.Status.OPEN:
        payment.status = Payment.Status.EXPIRED
        payment.save(update_fields=["status", "intent_id"])
        _emit("payments.payment_expired", payment, now)
    elif session.last_decline and session.last_decline.message[:300] != payment.last_decline:
        payment.last_decline = session.last_decline.message[:300]
        payment.save(update_fields=["last_decline", "intent_id"])
        _emit("payments.payment_declined", payment, now, code=session.last_decline.code)
    return payment


@transaction.atomic
def give_up(*, payment_id: int, now: datetime) -> Payment:
    """Close a payment that nobody can make any more; one that is settled is left alone."""
    payment = lock_payment(payment_id)
    if payment.status == Payment.Status.OPEN:
        payment.status = Payment.Status.EXPIRED
        payment.save(update_fields=["status"])
        _emit("payments.payment_expired", payment, now)
    return payment


def lock_payment(payment_id: int) -> Payment:
    """A payment, locked after its candidate and its order."""
    order = lock_order(Payment.objects.values_list("order_id", flat=True).get(id=payment_id))
    payment = Payment.objects.select_for_update(no_key=True).get(id=payment_id)
    payment.order = order
    return payment


@transaction.atomic
def _claim_payment(*, order_id: int, shown_cents: int | None, now: datetime) -> Payment | None:
    """The one open payment of an order, made where there is none; priced by today's book when it is made.

    None where the order turns out to cost nothing, or another amount than was shown; what it costs is kept. Emits
    payments.payment_requested before it is priced: whoever opened the order reacts, and refuses or prices it at what
    holds now (LAB-04).
    """
    order = lock_order(order_id)
    require(assess_paying(order, now=now))
    if not has_open_payment(order):
        ask_opener(order, now=now)
        if order.status != Order.Status.OPEN:
            return None
        price_anew(order, now=now)
    if not rules.assess_agreed(shown_cents=shown_cents, asked_cents=order.total_cents).granted:
        return None
    if not has_open_payment(order):
        Payment.objects.create(order=order, amount_cents=order.total_cents, created_at=now, **_times(order, now))
    payment = order.payments.get(status=Payment.Status.OPEN)
    payment.order = order
    return payment


def _times(order: Order, now: datetime) -> dict[str, datetime]:
    """How long the card page stays open, and when the sweep looks after it: no longer than there is time to pay."""
    closes, check = now + PAGE_OPEN, now + CHECK_EVERY
    if order.pay_before is not None:
        closes = max(min(closes, order.pay_before), now + SHORTEST_PAGE)
        check = min(check, order.pay_before)
    return {"expires_at": closes, "next_check_at": check}


def _open_page(payment: Payment, success_url: str, cancel_url: str, now: datetime) -> Payment:
    order = payment.order
    try:
        session = gateway.create_checkout(
            # Its moment makes the key unique where a database begins anew beside a card service that does not.
            payment_key=f"{payment.id}-{payment.created_at:%Y%m%d%H%M%S%f}",
            order_number=order.number,
            lines=_page_lines(order),
            currency=order.currency,
            email=order.candidate.email,
            success_url=success_url,
            cancel_url=cancel_url,
            metadata={"payment": str(payment.id)},
            expires_at=payment.expires_at - clock.shift(),
        )
    except gateway.GatewayUnavailable as error:
        raise CardServiceUnavailable(str(error)) from error
    except gateway.GatewayRefused as refusal:
        # The page it may have made was never shown to anybody, so this payment cannot be made any more.
        log.exception("card_page_refused", payment=payment.id, code=refusal.code)
        payment = give_up(payment_id=payment.id, now=now)
        if refusal.code != "idempotency_error":
            raise CardServiceUnavailable(refusal.message) from refusal
        return payment
    return _keep_page(payment_id=payment.id, session=session, now=now)


def _page_lines(order: Order) -> list[gateway.CheckoutLine]:
    """What the card page shows: what is left of each line, and the tax of each country."""
    lines, taxes = [], Counter[str]()
    for line in order.lines.all():
        if line.net_cents > line.covered_cents:
            lines.append(gateway.CheckoutLine(line.description, line.net_cents - line.covered_cents))
        taxes[line.tax_country] += line.tax_cents
    return lines + [
        gateway.CheckoutLine(f"Tax ({country})", tax_cents) for country, tax_cents in taxes.items() if tax_cents
    ]


@transaction.atomic
def _keep_page(*, payment_id: int, session: gateway.CheckoutSession, now: datetime) -> Payment:
    payment = lock_payment(payment_id)
    if payment.status == Payment.Status.OPEN and not payment.session_id:
        payment.session_id, payment.page_url = session.id, session.url
        payment.save(update_fields=["session_id", "page_url"])
        _emit("payments.payment_started", payment, now, amount_cents=payment.amount_cents)
    return payment


def _close_page(session_id: str) -> gateway.CheckoutSession:
    try:
        return gateway.expire_checkout(session_id)
    except gateway.GatewayRefused:
        # Somebody paid in this very moment, or it closed by itself.
        return gateway.fetch_checkout(session_id)


def _settle(payment: Payment, session: gateway.CheckoutSession, now: datetime) -> None:
    order, charge = payment.order, session.charge
    # Two clocks never agree: the charge lies between the payment's first moment and now.
    charged_at = clock.from_outside(charge.created) if charge else now
    payment.paid_at = min(max(charged_at, payment.created_at), now)
    in_time = order.pay_before is None or payment.paid_at < order.pay_before
    as_asked = session.amount_total_cents == payment.amount_cents == order.total_cents
    owed = order.status == Order.Status.OPEN and in_time and as_asked
    payment.status = Payment.Status.SUCCEEDED if owed else Payment.Status.SURPLUS
    payment.amount_cents = session.amount_total_cents
    if charge:
        payment.cardholder_name = charge.cardholder_name[:150]
        payment.card_brand, payment.card_last4 = charge.card_brand[:20], charge.card_last4
    payment.last_decline = ""
    payment.save()
    post_payment(payment, now=now)
    if owed:
        _emit("payments.payment_succeeded", payment, now, amount_cents=payment.amount_cents)
        complete_order(order, paid_at=payment.paid_at, now=now)
    else:
        log.error("payment_not_owed", payment=payment.id, order=order.number, order_status=order.status)
        _emit("payments.payment_surplus", payment, now, amount_cents=payment.amount_cents)
        reason = "Nothing was owed any more when the payment arrived."
        give_back(payment, amount_cents=payment.amount_cents, reason=reason, now=now)


def _emit(topic: str, payment: Payment, now: datetime, **payload: object) -> None:
    emit(
        topic,
        payment,
        now=now,
        candidate_id=payment.order.candidate_id,
        order=payment.order.number,
        **payload,
    )
