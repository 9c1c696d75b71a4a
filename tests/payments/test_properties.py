"""Over random lives of orders: money in is money kept and money returned, and every voucher is in exactly one state."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from payments import services, sweeps
from payments.gateway import GatewayRefund
from payments.models import CreditNote, Invoice, Order, OrderLine, Payment, Refund, Voucher
from payments.services.refunds import record_refund
from payments.verification import verify
from payments.voucher_rules import VOUCHER_TRANSITIONS
from tests import factories
from tests.factories import noon
from tests.payments.conftest import LAB, change_lines, pay_at

pytestmark = pytest.mark.django_db
LIVE_REFUNDS = ("requested", "succeeded")
# Where a voucher's event leads, so that its life can be followed.
LED_TO = {"issued": "unused", "reserved": "reserved", "redeemed": "redeemed", "moved": "redeemed", "expired": "expired"}


@dataclass
class Life:
    """What one candidate's orders and vouchers go through, day by day."""

    candidate: Candidate
    now: datetime
    orders: list[Order] = field(default_factory=list)
    vouchers: list[Voucher] = field(default_factory=list)

    def do(self, verb: str, which: int, how: int) -> None:
        """Do one thing with one of the orders or vouchers; what is refused changes nothing."""
        act: Callable[[int, int], Any] = getattr(self, f"_{verb}")
        orders, vouchers = list(self.orders), list(self.vouchers)
        try:
            with transaction.atomic():
                act(which, how)
        except Refused:
            self.orders, self.vouchers = orders, vouchers
        self.now += timedelta(hours=1)

    def _order(self, which: int) -> Order:
        """One of the latest three, which have something before them."""
        order = self.orders[-1 - which % min(3, len(self.orders))]
        order.refresh_from_db()
        return order

    def _voucher(self, which: int) -> Voucher:
        return self.vouchers[which % len(self.vouchers)]

    def _issue(self, _which: int, how: int) -> None:
        expires_on = clock.day_of(self.now) + timedelta(days=3 * how)
        made = services.issue_voucher(candidate_id=self.candidate.id, expires_on=expires_on, now=self.now)
        self.vouchers.append(made)

    def _book(self, which: int, how: int, **more: Any) -> None:
        country = ("US", "BE", "JP")[how % 3]
        values = {
            "candidate_id": self.candidate.id,
            "purpose": Order.Purpose.LAB_BOOKING,
            "reference": str(len(self.orders)),
            "lines": change_lines(country=country, late=False),
            "decision": LAB,
            "now": self.now,
        }
        self.orders.append(services.open_order(**{**values, **more}))

    def _change(self, which: int, how: int) -> None:
        """Leave a paid order for a change, with its own voucher, with another, or by card."""
        left = self._order(which) if self.orders else None
        if left is None or left.status != "paid" or left.lines.filter(refund__isnull=False).exists():
            return
        own = Voucher.objects.filter(order=left).first()
        voucher = (own, self._voucher(how), None)[how % 3] if self.vouchers else None
        lines = change_lines(country=("US", "BE", "JP")[which % 3], late=how % 2 == 0)
        more = {"purpose": Order.Purpose.LAB_RESCHEDULE, "lines": lines, "left_order_id": left.pk}
        more["voucher_id"] = voucher.pk if voucher else None
        self._book(which, how, **more)
        self._pay(0, 0)
        if self._order(0).status == "paid":
            services.request_refund(order_id=left.pk, kinds={"lab_fee"}, reason="Changed.", now=self.now)

    def _redeem(self, which: int, how: int) -> None:
        if self.orders and self.vouchers:
            code = self._voucher(how).code
            services.redeem_voucher(
                order_id=self._order(which).pk, code=code, candidate_id=self.candidate.id, now=self.now
            )

    def _pay(self, which: int, how: int) -> None:
        """A card pays what is asked for, or (now and then) what was asked for an hour ago."""
        if self.orders and (order := self._order(which)).total_cents and not order.payments.exists():
            order.total_cents += how % 5 == 4
            pay_at(order, self.now)

    def _cancel(self, which: int, _how: int) -> None:
        if self.orders:
            services.cancel_order(order_id=self._order(which).pk, now=self.now)

    def _refund(self, which: int, how: int) -> None:
        if self.orders:
            kinds = (None, {"lab_fee"}, {"reschedule_fee"})[how % 3]
            services.request_refund(order_id=self._order(which).pk, kinds=kinds, reason="Asked.", now=self.now)

    def _forfeit(self, which: int, how: int) -> None:
        """A booking is cancelled, or what prevented its exam is found out."""
        if self.orders and how % 3:
            services.forfeit_fee(order_id=self._order(which).pk, kinds={"lab_fee"}, now=self.now)
        elif self.orders:
            services.restore_fee(order_id=self._order(which).pk, now=self.now)

    def _settle(self, which: int, how: int) -> None:
        """The card service answers for a refund; one in five fails."""
        refunds = Refund.objects.filter(status="requested").order_by("id")
        if refunds:
            refund = refunds[which % len(refunds)]
            status = "failed" if how % 5 == 0 else "succeeded"
            answer = GatewayRefund(f"re_{refund.pk}", status, refund.amount_cents)
            record_refund(refund_id=refund.pk, answer=answer, now=self.now)

    def _repeat(self, which: int, _how: int) -> None:
        """Staff ask once more for a refund that failed, whatever became of its lines meanwhile."""
        failed = Refund.objects.filter(status="failed").order_by("id")
        if failed:
            services.repeat_refund(refund_id=failed[which % len(failed)].pk, now=self.now)

    def _wait(self, _which: int, how: int) -> None:
        self.now += timedelta(days=how % 7)
        sweeps.expire_vouchers(now=self.now)
        sweeps.issue_due_invoices(now=self.now)


VERBS = {"book": 3, "change": 6, "redeem": 3, "pay": 4, "issue": 1, "cancel": 1, "refund": 1, "settle": 4, "repeat": 1}
VERBS |= {"wait": 4, "forfeit": 1}
STEPS = 40


@pytest.mark.parametrize("seed", range(10))  # the same lives in every run
def test_nothing_is_lost_and_nothing_is_made(seed):
    chance = random.Random(seed)
    life = Life(factories.CandidateFactory.create(country="US"), noon("2026-03-02"))
    for number, verb in enumerate(("issue", "issue", *chance.choices(list(VERBS), list(VERBS.values()), k=STEPS))):
        life.do(verb, chance.randrange(8), chance.randrange(30))
        money_in_is_kept_or_returned()
        vouchers_are_in_one_state()
        if number % 5 == 0:
            assert verify().differences == ()
    papers_tell_what_was_kept(life)
    vouchers_went_where_the_diagram_leads()
    assert verify().differences == ()


def money_in_is_kept_or_returned() -> None:
    for order in Order.objects.all():
        taken = order.payments.filter(status="succeeded").first()
        lines = list(order.lines.select_related("refund"))
        returned = sum(line.total_cents for line in lines if line.refund and line.refund.status in LIVE_REFUNDS)
        kept = sum(line.total_cents for line in lines if not line.refund or line.refund.status == "failed")
        if taken is None:
            assert order.status in {"open", "cancelled"} or order.total_cents == 0
            assert returned == 0
        else:
            assert order.status in {"paid", "refunded"}
            assert taken.amount_cents == order.total_cents == kept + returned
            given_back = taken.refunds.filter(status__in=LIVE_REFUNDS).values_list("amount_cents", flat=True)
            assert sum(given_back) == returned
    for surplus in Payment.objects.filter(status="surplus"):
        live = surplus.refunds.filter(status__in=LIVE_REFUNDS).values_list("amount_cents", flat=True)
        assert sum(live) == surplus.amount_cents or (not live and surplus.refunds.filter(status="failed").exists())


def vouchers_are_in_one_state() -> None:
    for voucher in Voucher.objects.select_related("order", "moving_to"):
        pays = voucher.order
        assert (pays is not None) == (voucher.status in {"reserved", "redeemed"})
        if pays is not None:
            assert pays.status != "cancelled"
            assert pays.covered_cents == 160000
            assert voucher.status == "redeemed" or pays.status == "open"
        if voucher.moving_to is not None:
            assert (voucher.moving_to.status, voucher.moving_to.covered_cents) == ("open", 160000)
    for order in Order.objects.filter(status="open"):
        voucher = Voucher.objects.filter(order=order) | Voucher.objects.filter(moving_to=order)
        assert (order.covered_cents > 0) == voucher.exists()


def papers_tell_what_was_kept(life: Life) -> None:
    """Every line that a card paid and that is kept is invoiced in the end; one given back is on two papers or none."""
    life.do("wait", 0, 6)
    life.do("wait", 0, 6)
    for line in OrderLine.objects.filter(order__status="paid").select_related("refund"):
        if line.total_cents and line.refund is None:
            assert line.invoice_id is not None
            assert line.credit_note_id is None
        elif line.refund is not None:
            assert (line.invoice_id is None) == (line.credit_note_id is None) or line.refund.status == "failed"
    for paper, name in ((Invoice, "invoice"), (CreditNote, "credit_note")):
        for row in paper.objects.all():
            named = OrderLine.objects.filter(**{name: row})
            assert row.content["total_cents"] == sum(line.total_cents for line in named) > 0
        numbers = list(paper.objects.order_by("sequence").values_list("sequence", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))


def vouchers_went_where_the_diagram_leads() -> None:
    for voucher in Voucher.objects.all():
        at = ""
        events = Event.objects.filter(topic__startswith="payments.voucher_", subject_id=voucher.pk).order_by("id")
        for event in events:
            word = event.topic.removeprefix("payments.voucher_")
            to = event.payload["status"] if word == "released" else LED_TO[word]
            assert at in {"", to} or to in VOUCHER_TRANSITIONS[at]
            at = to
        assert at == voucher.status
