"""The daily comparison with the card service's balance, against the sandbox over HTTP (PAY-04)."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse

from candidates.models import Case
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from payments import gateway, services, sweeps
from payments.models import (
    Dispute,
    Order,
    Payment,
    Reconciliation,
    ReconciliationDifference,
    Refund,
    Transfer,
)
from payments.verification import verify
from tests import factories
from tests.credits.ledger_world import as_superuser
from tests.payments.conftest import RETURN, pay_at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("payments_gateway")]
CHARGED, FEE, DISPUTE_FEE = 36300, 1083, 1500
LATER = timedelta(hours=3)  # than anything that may still be under way
PENDING_REFUND = "4000 0000 0000 7726"


@pytest.fixture
def pay(cards: Any, ask: Callable[..., Order], now: datetime) -> Callable[..., Payment]:
    """Pays an order at the sandbox, whose webhook brings nothing by itself."""
    cards.turn(webhooks={"paused": True})

    def pay_for(reference: str, **card: str) -> Payment:
        payment = services.start_payment(order_id=ask(reference=reference).id, now=now, **RETURN)
        assert payment is not None
        cards.pay(payment.page_url, **card)
        return services.refresh_payment(payment_id=payment.id, now=now)

    return pay_for


def give_back(payment: Payment, now: datetime) -> Refund:
    refund = services.request_refund(order_id=payment.order_id, reason="No longer due.", now=now)
    assert refund is not None
    return services.follow_refund(refund_id=refund.pk, now=now)


def charge_of(payment: Payment) -> str:
    charge = gateway.fetch_checkout(payment.session_id or "").charge
    assert charge is not None
    return charge.id


def dispute(cards: Any, payment: Payment, now: datetime) -> Dispute:
    cards.turn(dispute={"charge": charge_of(payment)})
    opened = cards.state()["disputes"][0]["id"]
    found = services.follow_dispute(stripe_id=opened, now=now)
    assert found is not None
    return found


def run(now: datetime, *, days: int = 0) -> Reconciliation:
    """Compare the day of the test, some hours (and days) later."""
    return services.reconcile_day(day=clock.day_of(now), now=now + LATER + timedelta(days=days))


def open_differences() -> set[tuple[str, str]]:
    rows = ReconciliationDifference.objects.filter(settled_at=None)
    return set(rows.values_list("subject", "kind"))


def test_a_day_on_which_everything_happened_lists_nothing(cards, pay, now, monkeypatch):
    monkeypatch.setattr(gateway, "PAGE", 3)  # of ten movements
    pay("kept")
    give_back(pay("given back"), now)
    returned = give_back(pay("sent back"), now)
    cards.turn(refund={"id": returned.stripe_id, "status": "failed"})
    services.follow_refund(refund_id=returned.pk, now=now)
    lost, won = (dispute(cards, pay(name), now) for name in ("lost", "won"))
    for each, status in ((lost, "lost"), (won, "won")):
        cards.turn(dispute={"id": each.stripe_id, "status": status})
        services.follow_dispute(stripe_id=each.stripe_id, now=now)

    done = run(now)

    assert (open_differences(), done.compared, done.on_their_way, done.differing) == (set(), 9, 0, 0)
    assert (done.charged_cents, done.refunded_cents, done.disputed_cents) == (5 * CHARGED, -CHARGED, -CHARGED)
    assert (done.fees_cents, done.paid_out_cents) == (5 * FEE + 2 * DISPUTE_FEE, 0)
    # The card's account is what the card service has, before its fees.
    assert done.charged_cents + done.refunded_cents + done.disputed_cents == sum(
        row.amount_cents if row.debit == "card" else -row.amount_cents if row.credit == "card" else 0
        for row in Transfer.objects.all()
    )
    assert not Case.objects.filter(kind=Case.Kind.MONEY_DIFFERENCE).exists()


FAULTS = ("error", "lose_answer", "rate_limit")


def _trouble(cards: Any, chance: random.Random) -> None:
    """The next calls fail, or are carried out and their answers lost, more often than the SDK tries again by itself."""
    path = chance.choice(("/v1/checkout/sessions", "/v1/refunds", "/v1/disputes", "/v1/events"))
    cards.turn(calls=[{"path": path, "mode": chance.choice(FAULTS), "times": 3}])


@pytest.mark.parametrize("seed", range(2))
def test_whatever_broke_meanwhile_both_sides_agree_in_the_end(cards, ask, pay, now, seed):
    """Cards, refunds and disputes in random order, each with calls that fail, and nothing told by the webhook."""
    chance = random.Random(seed)
    for number in range(8):
        cards.turn(reset="switches", webhooks={"paused": True})
        payment = pay(f"life {number}", number=chance.choice(("4242 4242 4242 4242", PENDING_REFUND)))
        _trouble(cards, chance)
        for act in chance.sample(("refund", "dispute", "settle"), k=2):
            with suppress(gateway.GatewayUnavailable, services.CardServiceUnavailable):
                if act == "refund":
                    give_back(payment, now)
                elif act == "dispute" and not cards.state()["charges"][0]["refunded"]:
                    cards.turn(dispute={"charge": charge_of(payment)})
        opened = [each["id"] for each in cards.state()["disputes"] if each["status"] == "needs_response"]
        if opened and chance.random() < 0.6:
            cards.turn(dispute={"id": opened[0], "status": chance.choice(("won", "lost"))})
        pending = [each["id"] for each in cards.state()["refunds"] if each["status"] == "pending"]
        if pending and chance.random() < 0.6:
            cards.turn(refund={"id": pending[0], "status": chance.choice(("succeeded", "failed"))})
    cards.turn(reset="switches")
    for sweep in (sweeps.follow_up, sweeps.collect_events, sweeps.follow_up):
        sweep(now=now + timedelta(minutes=11))
    assert verify(every=True).differences == ()
    assert (run(now).differing, open_differences()) == (0, set())
    assert Transfer.objects.filter(cause="refund").exists() and Dispute.objects.exists()


def test_what_is_on_its_way_at_the_edge_of_a_day_is_no_difference(cards, pay, now):
    payment = pay("slow", number=PENDING_REFUND)
    refund = give_back(payment, now)
    assert refund.status == "requested"
    day = clock.day_of(now)
    # At once, when neither side may have written everything down; later, while the refund is on its way.
    assert services.reconcile_day(day=day, now=now).differing == 0
    assert (run(now).on_their_way, open_differences()) == (1, set())
    # It arrives days after the balance was charged with it; and the charge was on another day than its order says.
    arrived = now + timedelta(days=4)
    cards.turn(refund={"id": refund.stripe_id, "status": "succeeded"})
    services.follow_refund(refund_id=refund.pk, now=arrived)
    with as_superuser():
        before = now - timedelta(days=1)
        Payment.objects.update(paid_at=before, created_at=before)
        Transfer.objects.filter(cause__in=["payment", "sale"]).update(moved_at=before)
    for each in (day - timedelta(days=1), day, clock.day_of(arrived)):
        done = services.reconcile_day(day=each, now=arrived + LATER)
        assert (done.compared > 0, done.on_their_way, done.differing) == (True, 0, 0), each


def _more() -> None:
    Order.objects.filter(reference="kept").update(net_cents=30001, total_cents=CHARGED + 1)
    Payment.objects.filter(order__reference="kept").update(amount_cents=CHARGED + 1)
    Transfer.objects.filter(cause="payment", order__reference="kept").update(amount_cents=CHARGED + 1)


TAMPERED: dict[str, tuple[set[str], Callable[[], Any]]] = {
    "an order that came to more": ({"amount"}, _more),
    "a payment said to be expired": (
        {"state", "missing_there"},  # the charge, and the order that nobody paid
        lambda: Payment.objects.filter(order__reference="kept").update(status="expired", paid_at=None),
    ),
    "a payment's transfer gone": (
        {"posting"},
        lambda: Transfer.objects.filter(cause="payment", order__reference="kept")._raw_delete("default"),
    ),
    "a refund said to have failed": (
        {"state"},
        lambda: (
            Transfer.objects.filter(cause="refund")._raw_delete("default"),
            Refund.objects.update(status="failed"),
        ),
    ),
    "a refund of less": (
        {"amount"},
        lambda: (
            Refund.objects.update(amount_cents=1),
            Transfer.objects.filter(cause="refund").update(amount_cents=1),
        ),
    ),
    "an order paid by nobody": (
        {"missing_there"},
        lambda: Order.objects.filter(reference="open").update(status="paid", paid_at=clock.now()),
    ),
    "a dispute that took nothing": (
        {"state"},
        lambda: (
            Transfer.objects.filter(cause="dispute")._raw_delete("default"),
            Dispute.objects.update(taken_cents=0),
        ),
    ),
    "a payment that the card service never had": (
        {"missing_there"},
        lambda: pay_at(Order.objects.get(reference="open"), clock.now()),
    ),
}


def test_whoever_tampers_here_is_found_out(cards, ask, pay, now):
    pay("kept")
    give_back(pay("given back"), now)
    dispute(cards, pay("disputed"), now)
    ask(reference="open")
    assert run(now).differing == 0
    for name, (kinds, tamper) in TAMPERED.items():
        with transaction.atomic():
            with as_superuser():
                tamper()
            done = run(now)
            found = list(ReconciliationDifference.objects.all())
            assert (done.differing, {each.kind for each in found}) == (len(kinds), kinds), name
            for each in found:
                case = Case.objects.get(key=f"money_difference:{each.pk}")
                assert (case.clause, case.facts["order"]) == ("PAY-04", each.order.number), name
            transaction.set_rollback(True)


def test_what_only_the_card_service_has_is_listed_once_and_settled_when_it_is_gone(cards, pay, stripe_client, now):
    payment = pay("kept")
    stranger = stripe_client.v1.payment_intents.create(
        {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True,
         "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}},
    )  # fmt: skip
    by_hand = stripe_client.v1.refunds.create({"payment_intent": payment.intent_id})
    expected = {(f"stripe:{stranger.latest_charge}", "missing_here"), (f"stripe:{by_hand.id}", "missing_here")}
    for times in (1, 2):
        done = run(now)
        assert (open_differences(), done.differing, done.runs) == (expected, 2, times)
        assert Case.objects.filter(kind="money_difference").count() == 2
    found = ReconciliationDifference.objects.get(stripe_id=by_hand.id)
    assert (found.told_cents, found.posted_cents, found.stripe_cents) == (None, None, -CHARGED)
    assert (found.seen_at > now, found.found_by, found.order) == (True, done, None)

    # Somebody asks for the same here: the card service says that it is done, and both sides agree again.
    give_back(payment, now)
    assert Refund.objects.get().status == "succeeded"
    next_day = services.reconcile_day(day=clock.day_of(now) + timedelta(days=1), now=now + timedelta(days=2))
    found.refresh_from_db()
    assert (found.settled_by, found.settled_at) == (next_day, now + timedelta(days=2))
    assert open_differences() == expected - {(found.subject, found.kind)}
    topics = Event.objects.filter(topic__startswith="payments.difference").order_by("id")
    assert list(topics.values_list("topic", flat=True)) == [
        "payments.difference_found", "payments.difference_found", "payments.difference_settled",
    ]  # fmt: skip
    # The case stays for whoever looks into it; and the day again finds nothing new.
    assert Case.objects.get(key=f"money_difference:{found.pk}").status == "open"
    run(now, days=3)
    assert ReconciliationDifference.objects.count() == 2


def test_a_card_service_that_is_silent_changes_nothing_and_the_sweep_makes_up_for_it(cards, pay, now):
    pay("kept")
    today = clock.day_of(now)
    done: Any = Reconciliation.objects.order_by("day").values_list("day", "runs")
    night = clock.at(today + timedelta(days=1), 2)  # two hours after the day
    cards.turn(calls=[{"path": "/v1/balance_transactions", "mode": "error", "times": 3}])
    with pytest.raises(services.CardServiceUnavailable):
        sweeps.reconcile_days(now=night)
    assert not done.all()
    services.reconcile_day(day=today, now=now)  # by hand, before the day is over, is not all of it
    assert sweeps.reconcile_days(now=night - timedelta(minutes=1)) == 1  # the day before
    assert (sweeps.reconcile_days(now=night), sweeps.reconcile_days(now=night)) == (1, 0)
    assert list(done.all()) == [(today - timedelta(days=1), 1), (today, 2)]
    # Days on which it did not run are compared later.
    assert sweeps.reconcile_days(now=night + timedelta(days=2)) == 2
    assert [day for day, _runs in done.all()] == [today + timedelta(days=ahead) for ahead in range(-1, 3)]


def test_the_command_tells_and_its_exit_status_says(cards, pay, now):
    pay("kept")
    day = clock.day_of(now).isoformat()
    told = StringIO()
    call_command("reconcile_money", "--day", day, stdout=told)
    assert "No difference." in told.getvalue() and "fees of the card service: USD\xa010.83" in told.getvalue()
    # An order of the day before, whose payment the card service never had.
    paid = Payment.objects.get()
    yesterday = now - timedelta(days=1)
    with as_superuser():
        Payment.objects.update(session_id="cs_nothing", paid_at=yesterday, created_at=yesterday, intent_id="pi_nothing")
        Transfer.objects.update(moved_at=yesterday, recorded_at=yesterday)
    told = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("reconcile_money", stdout=told)
    assert left.value.code == 1
    assert f"payment:{paid.pk}: missing at the card service. Here 36300 cents, posted 36300 cents" in told.getvalue()
    with pytest.raises(CommandError, match="not begun"):
        call_command("reconcile_money", "--day", (now + timedelta(days=2)).date().isoformat())
    cards.turn(calls=[{"path": "/v1/balance_transactions", "mode": "error", "times": 3}])
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("reconcile_money")


def test_staff_read_what_differs_and_what_to_do_and_others_do_not(client, now):
    sums = dict.fromkeys(("charged_cents", "refunded_cents", "disputed_cents", "fees_cents", "paid_out_cents"), 0)
    run = Reconciliation.objects.create(
        day=now.date(), ran_at=now, compared=1, on_their_way=0, differing=1, currency="USD", **sums
    )
    found = ReconciliationDifference.objects.create(
        subject="stripe:ch_7", kind="missing_here", stripe_id="ch_7", stripe_cents=500, stripe_currency="USD",
        found_by=run, found_at=now, seen_by=run, seen_at=now,
    )  # fmt: skip
    case = Case.objects.create(
        key=f"money_difference:{found.pk}",
        kind="money_difference",
        clause="PAY-04",
        subject="",
        facts={},
        opened_at=now,
    )
    pages = [
        reverse("admin:payments_reconciliation_changelist"),
        reverse("admin:payments_reconciliation_change", args=[run.pk]),
        reverse("admin:payments_reconciliationdifference_changelist"),
        reverse("admin:payments_reconciliationdifference_change", args=[found.pk]),
    ]
    client.force_login(factories.UserFactory.create(is_staff=True, second_factor=True))
    assert {client.get(page).status_code for page in pages} == {403}
    client.force_login(factories.UserFactory.create(staff=True, second_factor=True))
    told = [client.get(page).content.decode() for page in pages]
    assert "USD\xa05.00" in told[2] and "ch_7" in told[1]
    assert "is given back there" in told[3] and reverse("admin:candidates_case_change", args=[case.pk]) in told[3]
    for asked, listed in (("?differing=yes", True), ("?differing=no", False)):
        page = client.get(pages[0] + asked).content.decode()
        assert (pages[1] in page) == listed, asked
    assert client.post(pages[3], {"kind": "fee"}).status_code == 403
