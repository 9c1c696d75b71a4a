"""Events: written with what they tell, reacted to at once, delivered outside after the commit, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import QuerySet
from django.db.utils import ConnectionHandler
from django.utils.module_loading import import_string

from catalog.models import Provider
from ceportal import events
from ceportal.kernel import outbox, relay
from ceportal.kernel.models import ClockShift, Delivery, Event, NightlyRun
from tests import factories
from tests.factories import noon
from tests.kernel import receivers

NOW = noon("2026-03-02")
HEAR = "tests.kernel.receivers.hear"
FAIL = "tests.kernel.receivers.fail"
NOTE = "tests.kernel.receivers.note_provider"


@pytest.fixture
def wiring(monkeypatch) -> Iterator[pytest.MonkeyPatch]:
    """The house's wiring, replaced for the test; the outbox keeps what it has read, so it must forget."""
    monkeypatch.setattr(events, "REACTIONS", {"test.happened": (NOTE,), "test.failed": (NOTE, FAIL)})
    monkeypatch.setattr(events, "DELIVERIES", {"test.told": ("outside",), "test.lost": ("broken",)})
    monkeypatch.setattr(events, "RECEIVERS", {"outside": HEAR, "broken": FAIL})
    outbox._wiring.cache_clear()
    receivers.heard.clear()
    yield monkeypatch
    outbox._wiring.cache_clear()


def emit(topic: str, **payload: object) -> Event:
    with transaction.atomic():
        return outbox.emit(topic, factories.ProviderFactory.create(), now=NOW, **payload)


def told() -> Delivery:
    emit("test.told")
    return Delivery.objects.get()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("wiring")
def test_outside_a_transaction_it_refuses() -> None:
    provider = factories.ProviderFactory.create()
    with pytest.raises(RuntimeError, match=r"test\.happened must be emitted in the transaction"):
        outbox.emit("test.happened", provider, now=NOW)
    assert not Event.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("wiring")
class TestEmit:
    def test_an_event_says_what_when_and_of_what(self) -> None:
        event = emit("test.quiet", amount=3)
        event.refresh_from_db()
        assert (event.topic, event.subject_type, event.payload) == ("test.quiet", "catalog.provider", {"amount": 3})
        assert (event.occurred_at, event.candidate_id) == (NOW, None)
        assert Provider.objects.get(pk=event.subject_id).code == "acme"
        assert not Delivery.objects.exists()

    def test_the_candidate_is_read_from_the_subject(self) -> None:
        certification = factories.CertificationFactory.create()
        event = outbox.emit("test.quiet", certification, now=NOW)
        assert event.candidate_id == certification.candidate_id

    def test_a_reaction_writes_in_the_same_transaction(self) -> None:
        event = emit("test.happened")
        assert Provider.objects.filter(code=f"seen-{event.pk}").exists()

    def test_a_reaction_that_fails_undoes_everything(self) -> None:
        with pytest.raises(ConnectionError), transaction.atomic():
            emit("test.failed")
        assert not Event.objects.exists()
        assert not Provider.objects.exists()

    def test_what_leaves_the_house_is_a_row_and_not_done_yet(self) -> None:
        delivery = told()
        assert (delivery.receiver, delivery.status, delivery.due_at) == ("outside", "pending", NOW)
        assert receivers.heard == []


def test_everything_the_house_is_wired_to_exists() -> None:
    assert {name for names in events.DELIVERIES.values() for name in names} == set(events.RECEIVERS)
    reactions = [path for paths in events.REACTIONS.values() for path in paths]
    for path in [*reactions, *events.RECEIVERS.values()]:
        assert callable(import_string(path))


CHANGES: dict[str, Callable[[QuerySet[Event]], object]] = {
    "changed": lambda rows: rows.update(topic="test.other"),
    "removed": lambda rows: rows._raw_delete("default"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("change", CHANGES)
def test_the_database_refuses_to_let_an_event_be(change: str) -> None:
    emit("test.quiet")
    with pytest.raises(IntegrityError, match="never changed or removed"), transaction.atomic():
        CHANGES[change](Event.objects.all())
    assert Event.objects.get().topic == "test.quiet"


REFUSED: dict[str, Callable[[Delivery], object]] = {
    "two deliveries to one receiver": lambda delivery: Delivery.objects.create(
        event=delivery.event, receiver=delivery.receiver, due_at=NOW
    ),
    "an unknown state": lambda delivery: Delivery.objects.filter(pk=delivery.pk).update(status="lost"),
    "done without its moment": lambda delivery: Delivery.objects.filter(pk=delivery.pk).update(status="done"),
    "a moment without being done": lambda delivery: Delivery.objects.filter(pk=delivery.pk).update(done_at=NOW),
    "a second clock": lambda _delivery: ClockShift.objects.create(pk=2, seconds=1),
    "the same night twice": lambda _delivery: [
        NightlyRun.objects.create(day=NOW.date(), finished_at=NOW) for _ in range(2)
    ],
}


@pytest.mark.django_db
@pytest.mark.usefixtures("wiring")
@pytest.mark.parametrize("case", REFUSED)
def test_the_database_refuses(case: str) -> None:
    delivery = told()
    with pytest.raises(IntegrityError), transaction.atomic():
        REFUSED[case](delivery)


@pytest.mark.django_db
@pytest.mark.usefixtures("wiring")
class TestRelay:
    def test_a_delivery_is_made_once(self) -> None:
        delivery = told()
        assert relay.deliver(delivery_id=delivery.pk, now=NOW) is True
        assert relay.deliver(delivery_id=delivery.pk, now=NOW) is False
        delivery.refresh_from_db()
        assert (delivery.status, delivery.done_at, delivery.attempts) == ("done", NOW, 1)
        assert receivers.heard == [delivery.event_id]

    def test_what_is_not_due_is_left(self) -> None:
        delivery = told()
        assert relay.take_due(now=NOW - timedelta(seconds=1)) == []
        assert relay.take_due(now=NOW) == [delivery.pk]

    def test_what_was_handed_out_is_not_handed_out_again_until_its_lease_ends(self) -> None:
        delivery = told()
        assert relay.take_due(now=NOW) == [delivery.pk]
        assert relay.take_due(now=NOW + relay.LEASE - timedelta(seconds=1)) == []
        assert relay.take_due(now=NOW + relay.LEASE) == [delivery.pk]

    def test_a_receiver_that_fails_leaves_nothing_behind_and_is_tried_later(self) -> None:
        emit("test.lost")
        delivery = Delivery.objects.get()
        assert relay.deliver(delivery_id=delivery.pk, now=NOW) is False
        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts, delivery.done_at) == ("pending", 1, None)
        assert delivery.last_error == "ConnectionError: nobody answers"
        assert not Provider.objects.filter(code__startswith="half-").exists()

    def test_each_wait_is_longer_than_the_last_up_to_a_limit(self) -> None:
        emit("test.lost")
        delivery = Delivery.objects.get()
        for attempt in range(1, relay.ATTEMPTS):
            relay.deliver(delivery_id=delivery.pk, now=NOW)
            delivery.refresh_from_db()
            expected = min(relay.FIRST_RETRY_SECONDS * 2 ** (attempt - 1), relay.LONGEST_RETRY_SECONDS)
            waited = (delivery.due_at - NOW).total_seconds()
            assert 0.8 * expected <= waited <= 1.2 * expected, f"attempt {attempt}"

    def test_after_the_last_attempt_staff_see_it_as_failed(self) -> None:
        emit("test.lost")
        delivery = Delivery.objects.get()
        for _attempt in range(relay.ATTEMPTS):
            relay.deliver(delivery_id=delivery.pk, now=NOW)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts) == ("failed", relay.ATTEMPTS)
        assert relay.take_due(now=NOW + timedelta(days=365)) == []
        assert relay.deliver(delivery_id=delivery.pk, now=NOW) is False

    def test_a_receiver_mended_meanwhile_hears(self, wiring: pytest.MonkeyPatch) -> None:
        emit("test.lost")
        delivery = Delivery.objects.get()
        relay.deliver(delivery_id=delivery.pk, now=NOW)
        wiring.setattr(events, "RECEIVERS", {"broken": HEAR})
        assert relay.deliver(delivery_id=delivery.pk, now=NOW) is True
        delivery.refresh_from_db()
        assert (delivery.status, delivery.last_error, delivery.attempts) == ("done", "", 2)


@pytest.fixture
def second_connection() -> Iterator[None]:
    """Let the block `elsewhere()` speak to the database as another worker does."""
    yield
    elsewhere_connection.close()


elsewhere_connection = ConnectionHandler()["default"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("wiring", "second_connection")
def test_two_workers_do_not_take_the_same_delivery() -> None:
    emit("test.told")
    emit("test.told")
    first, second = Delivery.objects.order_by("pk")
    with transaction.atomic():
        Delivery.objects.select_for_update().get(pk=first.pk)  # this worker is at the first
        here = connections["default"]
        elsewhere_connection.settings_dict = here.settings_dict
        connections["default"] = elsewhere_connection
        try:
            assert relay.deliver(delivery_id=first.pk, now=NOW) is False
            assert relay.take_due(now=NOW) == [second.pk]
        finally:
            connections["default"] = here
    assert receivers.heard == []
    assert relay.take_due(now=NOW) == [first.pk]
    assert connection.in_atomic_block is False
