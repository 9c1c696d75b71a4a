"""The portal's worker beside a card sandbox: how tests stop it on its way, kill it, and tell how things stand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client

from candidates.models import Candidate, Notice
from ceportal.celery import app
from ceportal.kernel import clock
from ceportal.kernel.models import Delivery, Event
from exams.models import Booking, Reschedule
from exams.services import paying, rescheduling
from payments.models import Payment, Refund, StripeEvent
from payments.services import refresh_payment
from tests.devstack.cards_sandbox import KEY, PATIENCE_SECONDS, PROJECT, SECRET, Cards, Webhook
from tests.devstack.cards_sandbox import Delivery as Message
from tests.exams import lab_world as world

RETURN = {"success_url": "http://testserver/", "cancel_url": "http://testserver/"}
PENDING_REFUND = "4000 0000 0000 7726"
HELD, ANSWER_UNDER_WAY = "hold", "stall"
WAYS = (HELD, ANSWER_UNDER_WAY)  # before the call is executed, and after it
TODAY = clock.now().date()
DAY, LATER_DAY = (TODAY + timedelta(days=60)).isoformat(), (TODAY + timedelta(days=90)).isoformat()


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait for what another process does; fails after a while."""
    tick = threading.Event()
    for _attempt in range(int(PATIENCE_SECONDS / 0.05)):
        if condition():
            return
        tick.wait(0.05)
    raise AssertionError(f"It never came to this: {what}.")


@dataclass
class House:
    """The portal's worker beside the card sandbox, and what tests do to them."""

    cards: Cards
    webhook: Webhook
    workers: subprocess.Popen[str]
    worker: int = 0

    def start_worker(self) -> None:
        assert self.workers.stdin is not None and self.workers.stdout is not None
        self.workers.stdin.write("another\n")
        self.workers.stdin.flush()
        self.worker = int(self.workers.stdout.readline())

    def kill_worker(self) -> None:
        """Kill -9: no goodbye to anybody."""
        os.kill(self.worker, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{self.worker}").exists(), "the worker is gone")

    def stop_at(self, path: str, *, method: str, way: str) -> None:
        """Let the next call of this kind stop on its way."""
        self.cards.turn(calls=[{"path": path, "method": method, "mode": way}])

    def wait_until_there(self, way: str) -> None:
        """Until a call stands where it was to stop."""
        self.cards.wait_until(lambda state: state["held_calls"] == 1 if way == HELD else not state["switches"]["calls"])

    def kill_at(self, way: str) -> None:
        """Kill the worker that stands at the call that was to stop, start another, and let the call go on."""
        self.wait_until_there(way)
        self.kill_worker()
        self.start_worker()
        self.cards.turn(release=True)

    def tell(self, message: Message) -> int:
        """Bring a message of the card service to the portal."""
        answer = Client().post(
            "/payments/webhook/", message.body, content_type="application/json",
            headers={"Stripe-Signature": message.signature},
        )  # fmt: skip
        return answer.status_code

    def completed(self, payment: Payment) -> Message:
        """The message that a card page was paid."""

        def about(received: list[Message]) -> list[Message]:
            return [
                each for each in received
                if each.type == "checkout.session.completed"
                and each.event["data"]["object"]["id"] == payment.session_id
            ]  # fmt: skip

        return about(self.webhook.wait_for(lambda received: bool(about(received))))[0]

    def sweep(self) -> None:
        """What beat asks for, once as much time has passed as makes all that was left due."""
        now = clock.now()
        StripeEvent.objects.filter(processed_at=None).update(due_at=now)
        Payment.objects.filter(status="open").update(next_check_at=now)
        Refund.objects.filter(status="requested").update(next_check_at=now)
        Delivery.objects.filter(status="pending").update(due_at=now)
        for task in ("payments.follow_up", "exams.follow_bookings", "kernel.relay"):
            app.send_task(task)

    def charged(self, payment: Payment) -> list[int]:
        """What the card service has taken for a payment."""
        state = self.cards.state()
        intents = {each["payment_intent"] for each in state["sessions"] if each["id"] == payment.session_id}
        return [each["amount"] for each in state["charges"] if each["paid"] and each["payment_intent"] in intents]

    def given_back(self, payment: Payment) -> list[int]:
        """What the card service gives back, or has given back, of a payment."""
        payment.refresh_from_db()
        refunds = self.cards.state()["refunds"]
        return [each["amount"] for each in refunds if each["payment_intent"] == payment.intent_id]


@contextmanager
def running_workers(cards: Cards) -> Iterator[subprocess.Popen[str]]:
    """What forks workers on the tests' database and broker and on the sandbox."""
    server, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    environment = {
        **os.environ,
        "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
        "STRIPE_API_BASE": cards.url,
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": SECRET,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.workers"],
        cwd=PROJECT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        yield process


def book() -> Booking:
    """A seat in Brussels in two months, to be paid."""
    passed = (TODAY - timedelta(days=100)).isoformat()
    return world.book(world.somebody(passed_on=passed), on=DAY, now=clock.now())


def open_page(booking: Booking) -> Payment:
    return paying.start_booking_payment(booking_id=booking.pk, now=clock.now(), **RETURN)


def change(house: House) -> tuple[Payment, Reschedule, Payment]:
    """A paid booking whose change to Tokyo is to be paid: the first payment, the change, the card page of it."""
    booking = book()
    first = open_page(booking)
    house.cards.pay(first.page_url)
    refresh_payment(payment_id=first.pk, now=clock.now())
    quoted = rescheduling.quote_reschedule(
        booking_id=booking.pk, site_code="tokyo", day=world.day(LATER_DAY), now=clock.now()
    )
    page = rescheduling.start_reschedule_payment(reschedule_id=quoted.pk, now=clock.now(), **RETURN)
    return first, quoted, page


def happened(candidate: Candidate) -> Counter[str]:
    """How often each thing happened to somebody."""
    return Counter(Event.objects.filter(candidate_id=candidate.pk).values_list("topic", flat=True))


def assert_paid_once(house: House, payment: Payment, booking: Booking) -> None:
    until(lambda: world.status_of(booking) == "paid", "the booking is paid")
    payment.refresh_from_db()
    assert (payment.status, payment.order.payments.count()) == ("succeeded", 1)
    assert house.charged(payment) == [payment.amount_cents]
    assert house.given_back(payment) == []
    told = happened(booking.candidate)
    assert (told["payments.payment_succeeded"], told["payments.order_paid"], told["exams.booking_paid"]) == (1, 1, 1)
    confirmed = Notice.objects.filter(candidate=booking.candidate, kind="booking_confirmed")
    until(confirmed.exists, "the booking is confirmed")
    assert confirmed.count() == 1


def assert_given_back_once(house: House, payment: Payment, amount_cents: int) -> None:
    until(lambda: Refund.objects.filter(payment=payment, status="succeeded").exists(), "the money is back")
    assert list(payment.refunds.values_list("amount_cents", flat=True)) == [amount_cents]
    assert house.given_back(payment) == [amount_cents]
    candidate = payment.order.candidate
    assert happened(candidate)["payments.refunded"] == 1
    assert Notice.objects.filter(candidate=candidate, kind="refund_made").count() == 1


def assert_changed_once(house: House, first: Payment, quoted: Reschedule, page: Payment) -> None:
    until(lambda: world.status_of(quoted.new) == "paid", "the change is made")
    assert world.status_of(quoted.old) == "rescheduled"
    assert_given_back_once(house, first, first.amount_cents)
    assert house.charged(page) == [page.amount_cents]
    assert house.given_back(page) == []
    told = happened(quoted.old.candidate)
    assert (told["exams.booking_rescheduled"], told["payments.order_paid"]) == (1, 2)


# ── The worker is killed ──────────────────────────────────────────────────────────────────────────
