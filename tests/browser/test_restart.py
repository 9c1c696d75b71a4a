"""PostgreSQL crashes while money is on its way: the whole portal goes on by itself, nothing lost, nothing doubled."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import psycopg2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import FEE_ERA, PATIENCE, LiveStack
from tests.browser.test_labs import CANDIDATE, PASSWORD, accept_texts, choose, enter, weekday
from tests.browser.test_main_job import GOOD, pay_by_card
from tests.devstack.cards_sandbox import Sandbox

pytestmark = pytest.mark.browser

TODAY = date.fromisoformat(FEE_ERA)
# All that was left is due at once, which is what time would do; the worker does the rest.
DUE = """
from ceportal.celery import app
from ceportal.kernel import clock
from ceportal.kernel.models import Delivery
from payments.models import Payment, Refund, StripeEvent
now = clock.now()
StripeEvent.objects.filter(processed_at=None).update(due_at=now)
Payment.objects.filter(status="open").update(next_check_at=now)
Refund.objects.filter(status="requested").update(next_check_at=now)
Delivery.objects.filter(status="pending").update(due_at=now)
for task in ("payments.follow_up", "exams.follow_bookings", "kernel.relay"):
    app.send_task(task)
"""
SERVING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
MONEY = """
SELECT (SELECT count(*) FROM payments_payment pay WHERE pay.order_id = o.id AND pay.status = 'succeeded'),
    (SELECT array_agg(refund.status || ' ' || refund.amount_cents ORDER BY refund.id) FROM payments_refund refund
        JOIN payments_payment pay ON pay.id = refund.payment_id WHERE pay.order_id = o.id)
FROM payments_order o JOIN candidates_candidate c ON c.id = o.candidate_id WHERE c.number = %s ORDER BY o.id
"""


def crash(stack: LiveStack) -> None:
    """Kill -9 of one server process: PostgreSQL ends all others, recovers, and takes connections again."""
    before = ask(stack, SERVING)
    assert before
    os.kill(before[0], signal.SIGKILL)
    until(lambda: not {*before} & {*(ask(stack, SERVING) or before)}, "PostgreSQL answers again, to new connections")


def ask(stack: LiveStack, question: str, *values: str) -> list[Any] | None:
    """The rows that answer; None while the database is away."""
    try:
        with closing(psycopg2.connect(stack.environment["DATABASE_URL"])) as connection, connection.cursor() as cursor:
            cursor.execute(question, values)
            return [row[0] if len(row) == 1 else row for row in cursor.fetchall()]
    except psycopg2.OperationalError:
        return None


def given_back_by(sandbox: Sandbox) -> int:
    """The cents that the card service has given back to anybody."""
    return sum(each["amount"] for each in sandbox.state()["refunds"])


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for what other processes do; fails after a while."""
    tick = threading.Event()
    for _attempt in range(PATIENCE // 100):
        if condition():
            return
        tick.wait(0.1)
    raise AssertionError(f"It never came to this: {what}.")


def test_postgresql_crashes_in_the_middle_of_a_payment_and_of_a_change(
    live_stack: LiveStack, open_window: Callable[..., Page]
) -> None:
    number, email = "CE77002009", "lab-nine@example.net"
    live_stack.manage("shell", "-c", CANDIDATE.format(people=[(number, email)], password=PASSWORD))
    sandbox = Sandbox(live_stack.environment["STRIPE_API_BASE"])
    before = given_back_by(sandbox)  # to others, in other tests
    page = open_window()
    enter(page, email)

    # While the card service is asked whether it was paid.
    page.goto("/labs/?track=ccie-security")
    choose(page, "brussels", weekday(TODAY + timedelta(days=14), 2))
    accept_texts(page)
    page.get_by_role("button", name="Book and pay by card").click()
    page.wait_for_url(lambda url: not url.startswith(live_stack.address))
    (session,) = (each["id"] for each in sandbox.state()["sessions"] if each["url"] == page.url)
    sandbox.turn(calls=[{"path": f"/v1/checkout/sessions/{session}", "method": "GET", "mode": "hold"}])
    pay_by_card(page, GOOD)
    sandbox.wait_until(lambda state: state["held_calls"] == 1)
    crash(live_stack)
    sandbox.turn(release=True)
    live_stack.manage("shell", "-c", DUE)
    until(lambda: ask(live_stack, MONEY, number) == [(1, None)], "it is paid, once")
    page.goto("/dashboard/")
    page.get_by_role("link", name="Security lab in Brussels", exact=True).click()
    expect(page.get_by_text("Booked and paid in full")).to_be_visible()

    # While what was paid for the seat that is left is asked back.
    page.get_by_role("link", name="Change the booking").click()
    choose(page, "richardson", weekday(TODAY + timedelta(days=40), 3))
    page.get_by_role("button", name="Keep this seat and show the quote").click()
    sandbox.turn(calls=[{"path": "/v1/refunds", "method": "POST", "mode": "hold"}])
    page.get_by_role("button", name=re.compile("^Pay .*2,100.00 and change")).click()
    pay_by_card(page, GOOD)
    sandbox.wait_until(lambda state: state["held_calls"] == 1)
    crash(live_stack)
    sandbox.turn(release=True)
    live_stack.manage("shell", "-c", DUE)
    given_back = [(1, ["succeeded 193600"]), (1, None)]
    until(lambda: ask(live_stack, MONEY, number) == given_back, "it is changed, and given back once")
    page.goto("/dashboard/")
    expect(page.get_by_role("link", name="Security lab in Richardson", exact=True)).to_be_visible()
    assert given_back_by(sandbox) == before + 193600
    live_stack.manage("verify_money")
