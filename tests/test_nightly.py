"""The nightly sweeps: once a night, oldest first, killed at any point and run again with the same end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import InternalError, connection, transaction
from django.db.models import QuerySet

from candidates.models import Candidate, Certification, Notice, StatusChange
from ceportal import nightly
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, Finding
from ceportal.kernel.models import Delivery, Event, NightlyRun
from credits.models import Audit, Claim, Entry, Grant, Seal
from exams.models import Booking, Reread, Site, Sitting, SittingPattern, WaitingWish
from exams.services import ask_for_seat, book_seat, open_sitting
from exams.services.rereads import request_reread
from exams.services.results import publish_result
from payments import services as payments
from payments.models import Invoice, Order, Payment, Voucher
from tests import factories
from tests.factories import day, noon
from tests.reference_data import load_reference
from tests.story import Story

PROJECT = Path(__file__).resolve().parent.parent
NIGHT = day("2021-05-04")
MORNING = clock.at(NIGHT, nightly.HOUR, nightly.MINUTE)
A_NIGHT_IN_A_PROCESS = """
import sys, datetime, django
django.setup()
from tests.reference_data import load_reference
from ceportal import nightly
nightly.run_due_nights(now=datetime.datetime.fromisoformat(sys.argv[1]))
"""

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def last_night(db: None) -> None:
    """The night before was finished."""
    NightlyRun.objects.create(day=NIGHT - timedelta(days=1), finished_at=MORNING - timedelta(days=1))


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> None:
    """One night on which every sweep but the book's own days has something to do, for several people."""
    settings.MEDIA_ROOT = str(tmp_path)
    load_reference()
    SittingPattern.objects.exclude(site__code="brussels").delete()  # one site opens its sittings as all would
    with nights_left_out():
        for number in ("LAPSES-1", "LAPSES-2", "LAPSES-3"):
            told(number, "ccnp-enterprise", "2018-05-04")
        for number in ("REMINDED-1", "REMINDED-2"):
            told(number, "ccnp-enterprise", "2018-06-03")
        for number in ("EXPIRES-1", "EXPIRES-2"):
            story = told(number, "ccnp-enterprise", "2020-01-01")
            story.enroll()
            story.report("dig-40", "2020-12-01")
            Grant.objects.filter(candidate=story.candidate).update(expires_on=NIGHT)
        for number in ("WAITS-1", "WAITS-2"):
            story = told(number, "ccnp-enterprise", "2020-01-01")
            story.enroll()
            story.to("2021-04-20").claim("ilt-40", "2021-04-19")  # promised for 30 April
        for number in ("PICKED-1", "PICKED-2"):
            story = told(number, "ccnp-enterprise", "2020-01-01")
            story.enroll()
            story.to("2021-05-03").claim("ilt-30", "2021-05-01")
            story.decide()
            Claim.objects.filter(candidate=story.candidate).update(audit_due=True)
        holder = told("HOLDS-1", "ccnp-enterprise", "2020-01-01").candidate
        for expires_on in (NIGHT - timedelta(days=1), NIGHT):  # the last good day is over, and is today
            payments.issue_voucher(candidate_id=holder.id, expires_on=expires_on, now=noon("2021-04-28"))
        for number in ("PAYS-1", "PAYS-2"):
            pay_three_business_days_before(told(number, "ccnp-enterprise", "2020-01-01").candidate)
        # The last day to pay was yesterday; to be reminded of it since yesterday; kept for half an hour yesterday.
        for number, booked_on, exam_on in (
            ("UNPAID-1", "2021-04-20", "2021-06-02"),
            ("UNPAID-2", "2021-04-20", "2021-06-02"),
            ("DUE", "2021-04-20", "2021-06-17"),
            ("HELD", "2021-05-03", "2021-05-20"),
        ):
            book_in_tokyo(told(number, "ccnp-enterprise", "2020-01-01"), booked_on, exam_on)
        story = told("WAITS-FOR-A-SEAT", "ccnp-enterprise", "2020-01-01")
        story.sit("350-701")
        ask_for_seat(
            candidate_id=story.candidate.pk,
            track_code="ccie-security",
            site_codes=["tokyo"],
            first_day=day("2021-06-17"),
            last_day=day("2021-06-17"),
            now=noon("2021-05-03"),
        )
        # To be paid until yesterday, at the site.
        ask_for_reread(told("REREAD-1", "ccnp-enterprise", "2020-01-01").candidate, asked_on="2021-04-26")


@contextmanager
def nights_left_out() -> Iterator[None]:
    """Tell stories without their nights: what is due is due in the night of the test."""
    patch = pytest.MonkeyPatch()
    patch.setattr(nightly, "run_night", lambda **_day: {})
    yield
    patch.undo()


def told(number: str, track: str, certified_on: str) -> Story:
    story = Story(factories.CandidateFactory.create(number=number), sittings=True)
    story.to("2021-01-10").certify(track, certified_on)
    return story


def book_in_tokyo(story: Story, booked_on: str, exam_on: str) -> None:
    story.sit("350-701")
    tokyo = Site.objects.get(code="tokyo")
    open_sitting(site_id=tokyo.pk, day=day(exam_on), starts_at=time(8, 30), seats=4, now=noon(booked_on))
    book_seat(
        candidate_id=story.candidate.pk,
        track_code="ccie-security",
        site_code="tokyo",
        day=day(exam_on),
        accept=True,
        now=noon(booked_on),
    )


def ask_for_reread(candidate: Candidate, *, asked_on: str) -> None:
    sitting = factories.SittingFactory.create(site=Site.objects.get(code="tokyo"), day=day("2021-04-19"))
    booking = factories.BookingFactory.create(sitting=sitting, candidate=candidate, status=Booking.Status.SAT)
    publish_result(booking_id=booking.pk, result="fail", publisher_id=None, now=noon("2021-04-21"))
    request_reread(booking_id=booking.pk, now=noon(asked_on))


def pay_three_business_days_before(candidate: Candidate) -> None:
    order = payments.open_order(
        candidate_id=candidate.id,
        purpose=Order.Purpose.ADMIN_FEE,
        reference=f"cycle:{candidate.number}",
        lines=[payments.LineRequest("Administrative fee", 30000, "admin_fee")],
        decision=Decision((Finding("CE-08", True, "The credits are there."),)),
        now=noon("2021-04-28"),
    )
    paid_at = noon("2021-04-29")
    Order.objects.filter(id=order.id).update(status=Order.Status.PAID, paid_at=paid_at)
    Payment.objects.create(
        order=order,
        status=Payment.Status.SUCCEEDED,
        amount_cents=order.total_cents,
        session_id=f"cs_{candidate.number}",
        cardholder_name="A. Candidate",
        created_at=paid_at,
        expires_at=paid_at,
        next_check_at=paid_at,
        paid_at=paid_at,
    )


def end_state() -> dict[str, list[tuple[Any, ...]]]:
    """Everything that nights change, in words that do not depend on the order in which rows were written."""

    def rows(queryset: QuerySet[Any], *fields: str) -> list[tuple[Any, ...]]:
        return sorted(queryset.values_list(*fields), key=repr)

    person = "candidate__number"
    return {
        "certifications": rows(Certification.objects.all(), person, "status", "active_ends_on", "next_change_on"),
        "changes": rows(StatusChange.objects.all(), "certification__candidate__number", "after", "effective_on"),
        "entries": rows(Entry.objects.all(), person, "kind", "amount", "counts_from", "written_at"),
        "grants": rows(Grant.objects.all(), person, "remaining"),
        "claims": rows(Claim.objects.all(), person, "status", "escalated_on", "audit_due"),
        "audits": rows(Audit.objects.all(), "claim__candidate__number", "status", "opened_at"),
        # Keys go on where a night was told and taken back, so an address in a message may differ by its key.
        "notices": [
            (*about, re.sub(r"/\d+/$", "/", body, flags=re.MULTILINE))
            for *about, body in rows(Notice.objects.all(), person, "kind", "created_at", "subject", "body")
        ],
        "vouchers": rows(Voucher.objects.all(), person, "status", "expires_on"),
        "invoices": rows(Invoice.objects.all(), person, "number", "issued_on"),
        "events": rows(Event.objects.all(), "topic", "subject_id", "candidate_id"),
        "deliveries": rows(Delivery.objects.all(), "receiver", "event__topic", "event__candidate_id"),
        "wishes": rows(WaitingWish.objects.all(), person, "status"),
        "re-reads": rows(Reread.objects.all(), "booking__candidate__number", "status", "ended_at"),
        "bookings": rows(Booking.objects.all(), person, "status", "ended_at", "reminded_at"),
        "sittings": rows(Sitting.objects.all(), "site__code", "day", "withdrawn_at"),
        "seals": rows(Seal.objects.all(), "day", "entries"),
        "nights": rows(NightlyRun.objects.all(), "day"),
    }


def undisturbed(run: Callable[[], object]) -> dict[str, list[tuple[Any, ...]]]:
    """The end state that a run would leave, without leaving it."""
    with transaction.atomic():
        run()
        state = end_state()
        transaction.set_rollback(True)
    # Rows of a second run have other keys; events name the rows they are about.
    state["events"] = sorted({(topic, candidate) for topic, _subject, candidate in state["events"]}, key=repr)
    return state


def left() -> dict[str, list[tuple[Any, ...]]]:
    """The end state that was left, in the same words."""
    return undisturbed(lambda: None)


@pytest.mark.usefixtures("world")
class TestOneNight:
    def test_every_sweep_does_its_part(self) -> None:
        counts = nightly.run_night(day=NIGHT)
        assert counts == {
            "certifications follow the calendar": 3,
            "sanctions that end": 0,
            "paths that a date opens": 0,
            "credits expire": 2,
            "claims past the promise": 2,
            "audits by lot": 2,
            "lapse notices": 5,
            "Emeritus windows": 0,
            "bookings not paid in time": 2,
            "seats held too long": 1,
            "payments to be reminded of": 1,
            "re-reads not paid in time": 1,
            "vouchers expire": 1,
            "invoices due": 2,
            "sittings opened": 209,
            "seats that somebody waits for": 1,
            "evidence kept long enough": 0,  # these four: tests/ceportal/test_privacy.py, test_erasure.py
            "erasures that are due": 0,
            "copies of data that expire": 0,
            "calls and answers kept long enough": 0,  # tests/partner_api/test_writes.py
            "entries of the feed kept long enough": 0,  # tests/partner_api/test_feed.py
            "files left to remove": 0,
            "days sealed": 2,
        }
        assert Certification.objects.filter(status="inactive").count() == 3
        assert set(Invoice.objects.values_list("number", flat=True)) == {"INV-2021-000001", "INV-2021-000002"}

    def test_twice_is_once(self) -> None:
        nightly.run_night(day=NIGHT)
        after_one = left()
        assert set(nightly.run_night(day=NIGHT).values()) == {0}
        assert left() == after_one
        assert nightly.run_due_nights(now=MORNING) == []


@pytest.mark.usefixtures("world")
def test_what_fails_for_one_stops_nobody_else_and_the_night_is_run_again() -> None:
    """A row that the database refuses to change: the others change, all that follows is done, and nothing is lost."""
    stubborn = Certification.objects.filter(next_change_on__lte=NIGHT).order_by("candidate_id")[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF NEW.id = {stubborn.pk} THEN RAISE 'no'; END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER refuse BEFORE UPDATE ON candidates_certification FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    with pytest.raises(InternalError, match="no"):
        nightly.run_due_nights(now=MORNING)
    assert Certification.objects.filter(status="inactive").count() == 2
    assert Invoice.objects.count() == 2
    assert not NightlyRun.objects.filter(day=NIGHT).exists()

    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER refuse ON candidates_certification; DROP FUNCTION refuse")
    assert nightly.run_due_nights(now=MORNING + timedelta(hours=1)) == [NIGHT]
    assert Certification.objects.filter(status="inactive").count() == 3
    assert Notice.objects.filter(kind="lapsed", candidate=stubborn.candidate).count() == 1


class TestNightsDue:
    @pytest.mark.parametrize(
        ("_case", "moment", "due"),
        [
            ("before the hour the day is not over", MORNING - timedelta(minutes=1), []),
            ("at the hour it is due", MORNING, [NIGHT]),
            ("the days of a pause, oldest first", MORNING + timedelta(days=2), [0, 1, 2]),
        ],
    )
    def test_days(self, _case: str, moment: Any, due: list[Any]) -> None:
        expected = [each if isinstance(each, date) else NIGHT + timedelta(days=each) for each in due]
        assert nightly.nights_due(now=moment) == expected

    def test_a_portal_that_never_ran_begins_today(self) -> None:
        NightlyRun.objects.all().delete()
        assert nightly.nights_due(now=MORNING) == [NIGHT]

    def test_nights_after_a_very_long_pause_are_those_of_the_last_year(self) -> None:
        years_later = MORNING + timedelta(days=1000)
        due = nightly.nights_due(now=years_later)
        assert due[-1] == NIGHT + timedelta(days=1000)
        assert len(due) == nightly.LONGEST_PAUSE_DAYS + 1

    @pytest.mark.usefixtures("world")
    def test_a_pause_ends_as_if_there_had_been_none(self) -> None:
        last = MORNING + timedelta(days=31)

        def night_by_night() -> None:
            for offset in range(32):
                nightly.run_due_nights(now=MORNING + timedelta(days=offset))

        expected = undisturbed(night_by_night)
        assert len(expected["notices"]) > len(undisturbed(lambda: nightly.run_night(day=NIGHT))["notices"])

        ran = nightly.run_due_nights(now=last)
        assert ran == [NIGHT + timedelta(days=offset) for offset in range(32)]
        assert left() == expected


@contextmanager
def night_stuck_at(row: QuerySet[Any]) -> Iterator[subprocess.Popen[bytes]]:
    """A night in another process, which has come as far as a row that is locked here; killed at the end."""
    server, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    database = f"{server}/{connection.settings_dict['NAME']}"
    environment = {**os.environ, "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "ceportal.settings"}
    with transaction.atomic():
        assert row.select_for_update().get()
        process = subprocess.Popen(
            [sys.executable, "-c", A_NIGHT_IN_A_PROCESS, MORNING.isoformat()], cwd=PROJECT, env=environment
        )
        try:
            while not _somebody_waits():
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.05)
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL


def _somebody_waits() -> bool:
    """Whether another session waits for a lock of ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


def _wait_for_the_killed_one() -> None:
    """PostgreSQL lets go of a dead client's lock when it next looks; wait for that."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [nightly.LOCK])
        cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [nightly.LOCK])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("world")
class TestKilled:
    @pytest.mark.parametrize(
        ("_case", "row", "done_before"),
        [
            ("in the first sweep", lambda: Candidate.objects.filter(number="LAPSES-2"), (1, 0, 0)),
            # References are checked by the commit: it waits for the row, and is finished for the dead client.
            ("while a notice commits", lambda: Candidate.objects.filter(number="REMINDED-1"), (3, 1, 0)),
            ("in the last sweep", lambda: Order.objects.filter(candidate__number="PAYS-2"), (3, 7, 1)),
        ],
    )
    def test_a_night_killed_and_repeated_ends_as_if_undisturbed(
        self, _case: str, row: Callable[[], QuerySet[Any]], done_before: tuple[int, int, int]
    ) -> None:
        expected = undisturbed(lambda: nightly.run_due_nights(now=MORNING))

        with night_stuck_at(row()):
            pass
        _wait_for_the_killed_one()
        lapsed = Certification.objects.filter(status="inactive").count()
        said = Notice.objects.exclude(kind="voucher_issued")  # before the night
        assert (lapsed, said.count(), Invoice.objects.count()) == done_before
        assert not NightlyRun.objects.filter(day=NIGHT).exists()

        assert nightly.run_due_nights(now=MORNING) == [NIGHT]
        assert left() == expected

    def test_a_second_process_leaves_the_night_to_the_first(self) -> None:
        with night_stuck_at(Candidate.objects.filter(number="LAPSES-2")):
            assert nightly.run_due_nights(now=MORNING) == []
        _wait_for_the_killed_one()
        assert not NightlyRun.objects.filter(day=NIGHT).exists()
