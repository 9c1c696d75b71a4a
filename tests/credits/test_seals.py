"""Every finished day is sealed once, the same whenever and by whomever it is done (CR-07)."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from candidates.models import Candidate
from ceportal.kernel import clock, signatures
from credits.models import Entry, Seal
from credits.papers import verification
from credits.services import ledger
from credits.services.seals import seal_finished_days
from tests.credits.ledger_world import as_superuser, earn
from tests.factories import day, noon


def night(text: str) -> datetime:
    return clock.at(day(text), 8, 30)


def chain() -> list[tuple[str, int, str]]:
    return [(str(seal.day), seal.entries, seal.sha256) for seal in Seal.objects.all()]


@pytest.fixture
def story(db: None, alice: Candidate) -> None:
    """Entries of three days, nothing on the days between, and something of the day that goes on."""
    earn(alice, "2021-05-03")
    earn(alice, "2021-05-03", at=noon("2021-05-03") + timedelta(hours=11, minutes=59))
    earn(alice, "2021-05-01", at=noon("2021-05-04"))
    earn(alice, "2021-05-07")
    earn(alice, "2021-05-08", at=clock.at(day("2021-05-08"), 0))


@pytest.mark.usefixtures("story")
class TestSeals:
    def test_finished_days_are_sealed_by_the_day_of_writing_and_the_running_one_is_not(self) -> None:
        assert seal_finished_days(now=night("2021-05-08")) == 3
        assert [(on, entries) for on, entries, _hash in chain()] == [
            ("2021-05-03", 2),
            ("2021-05-04", 1),
            ("2021-05-07", 1),
        ]

    def test_each_names_the_one_before(self) -> None:
        seal_finished_days(now=night("2021-05-08"))
        first, second, third = Seal.objects.all()
        assert first.previous == "0" * 64
        assert (second.previous, third.previous) == (first.sha256, second.sha256)

    def test_doing_it_again_changes_nothing_and_asks_once(self, django_assert_num_queries: Any) -> None:
        seal_finished_days(now=night("2021-05-08"))
        before = chain()
        with django_assert_num_queries(2):
            assert seal_finished_days(now=night("2021-05-08")) == 0
        assert chain() == before

    def test_every_night_once_or_after_a_pause_gives_the_same_chain(self) -> None:
        for on in range(3, 10):
            seal_finished_days(now=night(f"2021-05-0{on}"))
        nightly = chain()
        with as_superuser():
            Seal.objects.all().delete()
        seal_finished_days(now=night("2021-08-09"))
        assert chain() == nightly
        assert len(nightly) == 4

    def test_the_hash_can_be_made_from_the_rows_by_anyone(self) -> None:
        """As docs/ledger.md says, with nothing of the portal."""
        seal_finished_days(now=night("2021-05-08"))
        for seal in Seal.objects.all():
            lines = [json.dumps(["ledger seal 1", str(seal.day), seal.previous])]
            for entry in Entry.objects.order_by("id"):
                if entry.written_at.astimezone(UTC).date() == seal.day:
                    moment = entry.written_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                    lines.append(
                        json.dumps(
                            [
                                entry.id,
                                entry.candidate_id,
                                entry.grant_id,
                                entry.kind,
                                entry.amount,
                                str(entry.counts_from),
                                moment,
                                entry.clause,
                                entry.recertification_id,
                                entry.corrects_id,
                            ]
                        )
                    )
            assert hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest() == seal.sha256

    def test_it_is_signed(self) -> None:
        seal_finished_days(now=night("2021-05-08"))
        seal = Seal.objects.first()
        assert seal is not None
        signed = signatures.read(seal.signature)
        assert signed is not None
        assert (signed.kind, signed.content["sha256"]) == ("ledger_seal", seal.sha256)

    def test_what_comes_late_is_caught_by_the_next_seal(self, alice: Candidate) -> None:
        seal_finished_days(now=night("2021-05-08"))
        late = [earn(alice, "2021-05-03"), earn(alice, "2021-05-06")]  # a sealed day, and one that had nothing
        seal_finished_days(now=night("2021-05-08"))
        assert len(chain()) == 3
        seal_finished_days(now=night("2021-05-09"))
        *_before, last = Seal.objects.all()
        assert (str(last.day), last.entries) == ("2021-05-08", 3)
        assert last.last_entry_id == Entry.objects.get(grant=late[1]).id
        assert verification.verify().sound

    def test_what_comes_late_is_caught_even_if_nothing_follows(self, alice: Candidate) -> None:
        seal_finished_days(now=night("2021-05-09"))
        earn(alice, "2021-05-03")
        assert seal_finished_days(now=night("2021-05-12")) == 1
        assert [(on, entries) for on, entries, _hash in chain()][-1] == ("2021-05-11", 1)
        assert verification.verify().sound

    def test_numbers_that_are_not_in_the_order_of_the_moments(self, alice: Candidate) -> None:
        earn(alice, "2021-05-05")  # a night made up for: its moment lies before that of entries with lower numbers
        seal_finished_days(now=night("2021-05-06"))
        assert [(on, entries) for on, entries, _hash in chain()] == [
            ("2021-05-03", 2),
            ("2021-05-04", 1),
            ("2021-05-05", 1),
        ]
        seal_finished_days(now=night("2021-05-09"))
        assert [entries for _on, entries, _hash in chain()] == [2, 1, 1, 1, 1]
        assert verification.verify().sound

    def test_days_are_those_of_the_programme(self, settings: Any) -> None:
        settings.PROGRAMME_TIME_ZONE = "America/New_York"
        seal_finished_days(now=night("2021-05-09"))
        assert [(on, entries) for on, entries, _hash in chain()] == [
            ("2021-05-03", 2),
            ("2021-05-04", 1),
            ("2021-05-07", 2),
        ]
        assert verification.verify().sound

    @pytest.mark.parametrize("change", ["update", "delete"])
    def test_the_database_refuses_to_change_or_remove_one(self, change: str) -> None:
        seal_finished_days(now=night("2021-05-08"))
        with pytest.raises(IntegrityError), transaction.atomic():
            Seal.objects.update(sha256="0" * 64) if change == "update" else Seal.objects.all().delete()


def test_an_empty_ledger_has_no_seal(db: None) -> None:
    assert seal_finished_days(now=night("2021-05-08")) == 0


# ── At once ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_two_workers_make_one_chain(alice: Candidate) -> None:
    for on in range(1, 8):
        earn(alice, f"2021-05-0{on}")
    gate, made = threading.Barrier(2), []

    def work() -> None:
        gate.wait()
        made.append(seal_finished_days(now=night("2021-05-08")))
        connection.close()

    workers = [threading.Thread(target=work) for _each in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(made) == [0, 7]
    assert verification.verify().sound


@pytest.mark.django_db(transaction=True)
def test_an_entry_on_its_way_is_waited_for(alice: Candidate) -> None:
    """A number given out before, an entry seen only afterwards: it is in the seal of its day."""
    grant = earn(alice, "2021-05-03")
    written, begun = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            entry = ledger._entry(grant, Entry.Kind.VOIDED, -4, "CE-12", now=noon("2021-05-03"))
            entry.save(force_insert=True)
            written.set()
            begun.wait(30)
            waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'credits_entry'::regclass AND NOT granted"
            with connection.cursor() as cursor:
                for _each in range(10_000):  # until the sealing waits for this transaction
                    cursor.execute(waiting)
                    if cursor.fetchone()[0]:
                        break
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(30)
    begun.set()
    seal_finished_days(now=night("2021-05-08"))
    writer.join()
    assert [(on, entries) for on, entries, _hash in chain()] == [("2021-05-03", 2)]
    assert verification.verify().sound


@pytest.mark.django_db(transaction=True)
def test_nobody_is_kept_waiting_for_long(alice: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    earn(alice, "2021-05-03")
    monkeypatch.setattr("credits.services.seals.WAITS_AT_MOST_MS", 1)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            earn(alice, "2021-05-04")
            held.set()
            done.wait(30)
        connection.close()

    writer = threading.Thread(target=hold)
    writer.start()
    assert held.wait(30)
    with pytest.raises(OperationalError):
        seal_finished_days(now=night("2021-05-08"))
    done.set()
    writer.join()
    assert seal_finished_days(now=night("2021-05-08")) == 2


@pytest.mark.django_db(transaction=True)
def test_a_run_that_was_killed_leaves_the_same_chain(alice: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    for on in range(1, 5):
        earn(alice, f"2021-05-0{on}")
    seal_finished_days(now=night("2021-05-02"))
    sign, signed = signatures.sign, []

    def killed(**content: Any) -> str:
        signed.append(content)
        if len(signed) == 2:
            raise KeyboardInterrupt
        return sign(**content)

    monkeypatch.setattr(signatures, "sign", killed)
    with pytest.raises(KeyboardInterrupt):
        seal_finished_days(now=night("2021-05-08"))
    monkeypatch.setattr(signatures, "sign", sign)
    seal_finished_days(now=night("2021-05-08"))
    after_a_kill = chain()
    with as_superuser():
        Seal.objects.all().delete()
    seal_finished_days(now=night("2021-05-08"))
    assert chain() == after_a_kill
