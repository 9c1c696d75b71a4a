"""Credits expire on their third anniversary (CR-01): in steps, in whatever company, once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from candidates.models import Candidate
from ceportal.partner_api.models import FeedEntry
from credits import sweeps
from credits.models import Entry, Grant
from credits.services import ledger
from tests import factories
from tests.credits.ledger_world import cycle_of, earn, entries_of
from tests.factories import noon

NIGHT = noon("2021-05-10")
DAYS = ["2018-05-11", "2018-05-09", "2018-05-10", "2018-04-01", "2019-01-01", "2018-05-08", "2018-05-07"]
DUE = 5


@pytest.fixture
def grants(db: None, alice: Candidate) -> list[Grant]:
    return [earn(alice, earned_on) for earned_on in DAYS]


def remaining() -> list[int]:
    return list(Grant.objects.order_by("id").values_list("remaining", flat=True))


def test_credits_expire_on_the_anniversary_and_not_a_day_earlier(grants: list[Grant]) -> None:
    assert sweeps.expire_credits(now=NIGHT) == DUE
    assert remaining() == [10, 0, 0, 0, 10, 0, 0]
    assert entries_of(grants[2])[1:] == [("expired", -10, "2021-05-10", "CR-01")]
    # What was found late counts from its own day.
    assert entries_of(grants[3])[1:] == [("expired", -10, "2021-04-01", "CR-01")]
    assert sweeps.expire_credits(now=NIGHT + timedelta(days=1)) == 1


@pytest.mark.parametrize(("chunk", "listed"), [(1, 100), (2, 100), (2, 2), (5, 5), (100, 100)])
def test_steps_of_any_length_come_to_the_same(
    grants: list[Grant], monkeypatch: pytest.MonkeyPatch, chunk: int, listed: int
) -> None:
    monkeypatch.setattr(sweeps, "CHUNK", chunk)
    monkeypatch.setattr(sweeps, "LISTED_AT_ONCE", listed)
    assert sweeps.expire_credits(now=NIGHT) == DUE
    assert remaining() == [10, 0, 0, 0, 10, 0, 0]


def test_a_second_night_finds_nothing_more(grants: list[Grant], django_assert_num_queries) -> None:
    sweeps.expire_credits(now=NIGHT)
    with django_assert_num_queries(1):
        assert sweeps.expire_credits(now=NIGHT) == 0
    assert Entry.objects.filter(kind="expired").count() == DUE


def test_the_number_of_statements_follows_the_steps_and_not_the_grants(
    alice: Candidate, django_assert_num_queries
) -> None:
    for _each in range(30):
        earn(alice, "2018-05-10")
    with django_assert_num_queries(6):  # the list, and one step with its savepoint; who can read it, and to tell them
        assert sweeps.expire_credits(now=NIGHT) == 30
    (told,) = FeedEntry.objects.filter(topic="credits.credits_expired")
    assert (told.tenant, told.data) == (str(alice.pk), {"expired_on": "2021-05-10", "credits_expired": 300})


@pytest.mark.django_db(transaction=True)
def test_a_night_that_was_killed_is_gone_on_with(alice: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    for earned_on in DAYS:
        earn(alice, earned_on)
    monkeypatch.setattr(sweeps, "CHUNK", 2)
    step = sweeps._expire_listed
    steps = []

    def killed_in_the_second(ids: list[int], *, now) -> int:
        steps.append(ids)
        if len(steps) == 2:
            with transaction.atomic():
                step(ids, now=now)
                raise KeyboardInterrupt
        return step(ids, now=now)

    monkeypatch.setattr(sweeps, "_expire_listed", killed_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        sweeps.expire_credits(now=NIGHT)
    assert Entry.objects.filter(kind="expired").count() == 2
    monkeypatch.setattr(sweeps, "_expire_listed", step)
    assert sweeps.expire_credits(now=NIGHT) == DUE - 2
    assert remaining() == [10, 0, 0, 0, 10, 0, 0]


@pytest.mark.django_db(transaction=True)
def test_a_grant_that_somebody_holds_is_passed_over_and_expires_another_night(alice: Candidate) -> None:
    grants = [earn(alice, earned_on) for earned_on in DAYS]
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Grant.objects.select_for_update(no_key=True).get(id=grants[1].id)
            held.set()
            done.wait(30)
        connection.close()

    page = threading.Thread(target=hold)
    page.start()
    assert held.wait(30)
    expired = sweeps.expire_credits(now=NIGHT)
    done.set()
    page.join()
    assert expired == DUE - 1
    assert entries_of(grants[1]) == [("earned", 10, "2018-05-09", "XDEV-03")]
    assert sweeps.expire_credits(now=NIGHT) == 1
    assert entries_of(grants[1])[1:] == [("expired", -10, "2021-05-09", "CR-01")]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_let_each_grant_expire_once(alice: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    for earned_on in DAYS * 5:
        earn(alice, earned_on)
    monkeypatch.setattr(sweeps, "CHUNK", 3)
    written: list[int] = []

    def work() -> None:
        written.append(sweeps.expire_credits(now=NIGHT))
        connection.close()

    workers = [threading.Thread(target=work) for _each in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sweeps.expire_credits(now=NIGHT)  # what each passed over because the other held it
    assert Entry.objects.filter(kind="expired").count() == DUE * 5
    assert sum(remaining()) == 10 * 2 * 5


# ── What remains, by a trigger for each statement ────────────────────────────────────────────────
def test_several_entries_in_one_statement_are_summed_for_each_grant(grants: list[Grant]) -> None:
    lines = [(grants[0], -3), (grants[0], -2), (grants[1], -10)]
    Entry.objects.bulk_create(
        Entry(
            candidate_id=grant.candidate_id,
            grant=grant,
            kind="expired",
            amount=amount,
            counts_from=grant.expires_on,
            written_at=NIGHT,
            clause="CR-01",
        )
        for grant, amount in lines
    )
    assert remaining()[:3] == [5, 0, 10]


def test_a_statement_that_takes_too_much_of_one_grant_is_refused_as_a_whole(alice: Candidate, db: None) -> None:
    first, second = earn(alice, "2018-05-11"), earn(factories.CandidateFactory.create(), "2018-05-11")
    cycle_of(alice)
    with pytest.raises(IntegrityError, match="grant_never_overspent"), transaction.atomic():
        Entry.objects.bulk_create(
            ledger._entry(grant, Entry.Kind.VOIDED, amount, "CE-12", now=NIGHT)
            for grant, amount in [(first, -6), (second, -1), (first, -6)]
        )
    assert remaining() == [10, 10]
