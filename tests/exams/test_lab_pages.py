"""Candidates book, pay, change and give up lab seats on their pages, and see only their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from candidates.models import AgreementTranslation, Candidate
from ceportal.kernel import clock
from ceportal.scenarios.cards import CardDesk, standing_in
from exams.models import Attempt, Booking, Reschedule
from exams.services import rescheduling
from exams.services.bookings import accept_texts
from exams.services.incidents import record_incident
from payments.models import Order, Payment
from tests import factories
from tests.exams import lab_world as world
from tests.factories import day, noon

pytestmark = pytest.mark.django_db

NOW = noon("2026-03-01")
LATE = noon("2026-04-10")
SEAT = "/labs/book/ccie-security/brussels/2026-05-04/"
ACCEPTED = {"accept": "on", "agreement_version": "1.0", "recording_version": "1.0"}


@pytest.fixture(autouse=True)
def places(db: None) -> None:
    world.agreements()
    world.lab()
    for code in ("brussels", "tokyo", "mobile-nairobi"):
        world.open_day(code)
        world.open_day(code, "2026-06-01")


@pytest.fixture(autouse=True)
def cards() -> Iterator[CardDesk]:
    with standing_in() as desk:
        yield desk


@pytest.fixture
def at() -> Iterator[Callable[..., None]]:
    """Sets the clock: `at(LATE)`; it stands at NOW."""
    standing: list[Any] = []

    def stand(moment: Any) -> None:
        if standing:
            standing.pop().__exit__(None, None, None)
        standing.append(clock.standing_at(moment))
        standing[-1].__enter__()

    stand(NOW)
    yield stand
    standing.pop().__exit__(None, None, None)


@pytest.fixture
def aiko(at: Callable[..., None], client: Client) -> Candidate:
    """A candidate in Tokyo, signed in, who may book the security lab."""
    aiko = world.somebody(
        login=True, name="Aiko Tanaka", country="JP", time_zone="Asia/Tokyo", email="aiko@example.org"
    )
    client.force_login(aiko.user)
    return aiko


@pytest.fixture
def booked(aiko: Candidate) -> Booking:
    """A seat in Brussels that is not paid yet."""
    return world.book(aiko)


@pytest.fixture
def settled(booked: Booking, cards: CardDesk) -> Booking:
    """A seat in Brussels that is paid by card."""
    cards.pay(order_of(booked), now=NOW)
    booked.refresh_from_db()
    return booked


def order_of(booking: Booking) -> Order:
    return Order.objects.get(purpose="lab_booking", reference=str(booking.pk))


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


# ── Where seats are free ──────────────────────────────────────────────────────────────────────────
def test_the_home_of_labs_shows_bookings_what_stands_in_the_way_and_free_seats(
    client: Client, booked: Booking, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        world.book(world.somebody(number=f"CE9000000{number}"))
    with django_assert_max_num_queries(32):
        text = text_of(client.get("/labs/?month=2026-05"))
    assert f"/labs/bookings/{booked.pk}/" in text
    assert "You have a booking in this track on 4 May 2026." in text
    assert 'href="/policy/LAB-01' in text
    full = 'site=brussels&amp;day=2026-05-04"><span>Brussels<span class="visually-hidden">, 4 May 2026,</span></span>'
    assert f"{full} <span>full</span>" in text  # four seats, four bookings
    assert "/labs/book/ccie-security/tokyo/2026-05-04/" in text


def test_the_calendar_is_narrowed_by_its_address_and_takes_what_it_cannot_read_as_not_asked(
    client: Client, aiko: Candidate
) -> None:
    tokyo = text_of(client.get("/labs/?month=2026-06&site=tokyo&track=ccie-security"))
    assert "/labs/book/ccie-security/tokyo/2026-06-01/" in tokyo
    assert "/brussels/2026-06-01/" not in tokyo
    odd = client.get("/labs/?month=2026-13&site=atlantis&track=none")
    assert odd.status_code == 200
    assert "No sitting this month" in odd.text  # of March, in which we are
    assert client.get("/labs/book/ccie-security/tokyo/2026-02-30/").status_code == 404


def test_sites_say_address_start_equipment_price_and_when_to_apply_for_a_visa(client: Client, at: Any) -> None:
    factories.SiteFactory.create(code="richardson", country="US", time_zone="America/Chicago")
    text = text_of(client.get("/labs/sites/"))
    assert "apply 10 to 12 weeks before the exam" in text
    assert "08:30 local time (Asia/Tokyo)" in text
    assert "USD 1,936.00" in text  # Brussels, with its tax
    assert "bring your own equipment, or ask for the organiser's kit" in text
    assert "No sitting is open; local time is America/Chicago." in text


# ── Booking ───────────────────────────────────────────────────────────────────────────────────────
def test_a_seat_is_booked_to_be_paid_later_and_a_second_press_finds_the_same(client: Client, aiko: Candidate) -> None:
    page = text_of(client.get(SEAT))
    assert "4 May 2026, 08:30" in page
    assert "On your clock 4 May 2026, 15:30 (Asia/Tokyo)" in page
    assert "USD 1,936.00" in page
    assert "until the end of 4 April 2026 at the site" in page
    answers = [client.post(SEAT, ACCEPTED | {"later": "1"}) for _press in range(2)]
    booking = Booking.objects.get()
    assert [answer["Location"] for answer in answers] == [f"/labs/bookings/{booking.pk}/"] * 2
    assert booking.status == "reserved"
    assert aiko.acceptances.count() == 2
    text = text_of(client.get(f"/labs/bookings/{booking.pk}/"))
    assert "Reserved, and not paid yet" in text
    assert "To the end of this day at the site: 5 April 2026, 00:00 (Europe/Brussels)" in text
    assert "on your clock 5 April 2026, 07:00 (Asia/Tokyo)" in text


def test_what_was_typed_stays_where_the_texts_are_not_accepted_or_the_rules_say_no(
    client: Client, aiko: Candidate
) -> None:
    typed = {"code": "ACDE-FGHJ-KMNP", "later": "1"}
    unaccepted = client.post(SEAT, typed)
    assert unaccepted.status_code == 422
    assert "A booking is complete only when they are accepted (LAB-02)." in unaccepted.text
    assert 'value="ACDE-FGHJ-KMNP"' in unaccepted.text
    refused = client.post(SEAT, typed | ACCEPTED)
    assert refused.status_code == 409
    assert 'value="ACDE-FGHJ-KMNP"' in refused.text
    assert not Booking.objects.exists()
    assert not aiko.acceptances.exists()


def test_a_text_that_was_replaced_meanwhile_is_read_anew(client: Client, aiko: Candidate) -> None:
    answer = client.post(SEAT, ACCEPTED | {"agreement_version": "0.9", "later": "1"})
    assert answer["Location"] == SEAT
    assert not Booking.objects.exists()


def test_a_new_version_of_a_text_is_asked_for_again_in_the_candidate_s_language(
    client: Client, aiko: Candidate
) -> None:
    """LAB-02: what was accepted before is not asked for, what replaced it is."""
    accept_texts(aiko, versions=None, language="", ip_address=None, now=NOW)
    assert 'name="accept"' not in client.get(SEAT).text
    agreement = factories.AgreementFactory.create(
        kind="recording", version="2.0", text="Ninety days.", effective_on=day("2026-02-01")
    )
    AgreementTranslation.objects.create(agreement=agreement, language="ja", title="録画", text="九十日")
    Candidate.objects.filter(pk=aiko.pk).update(language="ja")

    page = client.get(SEAT).text
    assert "九十日" in page and "Ninety days." not in page
    sent = {"recording_version": "2.0", "language": "ja", "later": "1"}
    assert client.post(SEAT, sent).status_code == 422
    assert not Booking.objects.exists()
    client.post(SEAT, sent | {"accept": "on"})
    assert Booking.objects.get().candidate == aiko
    assert aiko.acceptances.get(agreement=agreement).language == "ja"


def test_who_may_not_book_sees_why_and_no_button(client: Client, at: Any) -> None:
    stranger = world.somebody(passed_on=None, login=True)
    client.force_login(stranger.user)
    page = client.get(SEAT)
    assert 'data-clause="LAB-03"' in page.text
    assert 'name="later"' not in page.text
    answer = page.text.index("This seat cannot be booked now")
    assert answer < page.text.index("opens this lab") < page.text.index("Price")  # before all that is well
    refused = client.post(SEAT, ACCEPTED | {"later": "1"})
    assert refused.status_code == 409
    assert not Booking.objects.exists()


def test_a_late_seat_is_kept_while_it_is_paid(client: Client, aiko: Candidate, at: Any, cards: CardDesk) -> None:
    at(LATE)
    assert 'name="later"' not in client.get(SEAT).text
    answer = client.post(SEAT, ACCEPTED | {"later": "1"})  # whatever was pressed
    booking = Booking.objects.get()
    assert booking.status == "held"
    assert answer["Location"] == Payment.objects.get().page_url
    text = text_of(client.get(f"/labs/bookings/{booking.pk}/"))
    assert "The seat is kept for you for 30 more minutes" in text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"shown_cents_fixed": "193599"}, "The amount has changed since it was shown to you"),
        ({"shown_cents_fixed": "193600", "voucher": ""}, "Look at what your voucher leaves to be paid by card."),
    ],
)
def test_another_amount_than_the_page_showed_is_looked_at_before_it_is_charged(
    more: dict[str, str], said: str, client: Client, aiko: Candidate, cards: CardDesk
) -> None:
    """LAB-04: the price has changed meanwhile, or a voucher pays a part."""
    if "voucher" in more:
        more = more | {"voucher": world.voucher_of(aiko).code}
    assert 'name="shown_cents_fixed" value="193600"' in client.get(SEAT).text
    answer = client.post(SEAT, ACCEPTED | more | {"now": "1"}, follow=True)
    booking = Booking.objects.get()
    assert answer.redirect_chain == [(f"/labs/bookings/{booking.pk}/", 302)]
    assert said in answer.text
    assert not Payment.objects.exists()


def test_a_voucher_of_the_own_list_pays_the_fee_and_a_seat_without_tax_is_paid_by_it_alone(
    client: Client, aiko: Candidate
) -> None:
    voucher = world.voucher_of(aiko)
    there = "/labs/book/ccie-security/mobile-nairobi/2026-05-04/"
    page = client.get(there).text
    assert voucher.code in page
    assert "USD\N{NO-BREAK SPACE}1,900.00" in page  # with the organiser's kit (LAB-17)
    client.post(there, ACCEPTED | {"kit": "mobile_kit", "voucher": voucher.code, "now": "1"})
    booking = Booking.objects.get()
    assert (booking.status, booking.kit) == ("paid", "mobile_kit")


# ── A booking ─────────────────────────────────────────────────────────────────────────────────────
def test_paying_leads_to_the_card_page_and_back_to_the_booking(
    client: Client, booked: Booking, cards: CardDesk, django_assert_max_num_queries: Any
) -> None:
    assert 'name="shown_cents" value="193600"' in client.get(f"/labs/bookings/{booked.pk}/").text
    stale = client.post(f"/labs/bookings/{booked.pk}/pay/", {"shown_cents": "193599"})
    assert (stale.status_code, Payment.objects.count()) == (409, 0)
    assert "The amount has changed since it was shown to you" in stale.text
    first = client.post(f"/labs/bookings/{booked.pk}/pay/", {"shown_cents": "193600"})
    again = client.post(f"/labs/bookings/{booked.pk}/pay/")
    payment = Payment.objects.get()
    assert first["Location"] == again["Location"] == payment.page_url
    back = text_of(client.get(f"/labs/bookings/{booked.pk}/return/"))
    assert "has not confirmed the payment yet" in back
    cards.pay(order_of(booked), now=NOW)
    with django_assert_max_num_queries(32):
        text = text_of(client.get(f"/labs/bookings/{booked.pk}/"))
    assert "Booked and paid in full" in text
    for step in ("Paid", "Last day of free changes", "No changes from this day on", "Exam day"):
        assert step in text
    assert "Pay USD" not in text
    refused = client.post(f"/labs/bookings/{booked.pk}/pay/")
    assert refused.status_code == 409
    assert "PAY-04" in refused.text


def test_dropping_costs_nothing_and_a_second_press_changes_nothing(client: Client, booked: Booking) -> None:
    for _press in range(2):
        assert client.post(f"/labs/bookings/{booked.pk}/drop/").status_code == 302
    assert world.status_of(booked) == "dropped"
    assert world.topics(booked.candidate).count("booking_dropped") == 1
    assert "Dropped" in client.get("/labs/bookings/").text


def test_cancelling_says_in_money_what_is_lost_before_the_button(client: Client, settled: Booking) -> None:
    refused = client.post(f"/labs/bookings/{settled.pk}/drop/")
    assert refused.status_code == 409
    assert "LAB-14" in refused.text
    text = text_of(client.get(f"/labs/bookings/{settled.pk}/"))
    assert text.index("USD 1,936.00 paid by card") < text.index("Cancel and lose it")
    for _press in range(2):
        assert client.post(f"/labs/bookings/{settled.pk}/cancel/").status_code == 302
    assert world.status_of(settled) == "cancelled"
    assert world.topics(settled.candidate).count("booking_cancelled") == 1
    assert "Exam day" not in client.get(f"/labs/bookings/{settled.pk}/").text  # that day does not come


def test_a_result_is_pass_or_fail_with_topic_areas(client: Client, settled: Booking) -> None:
    Booking.objects.filter(pk=settled.pk).update(status="sat")
    attempt = Attempt.objects.create(
        candidate=settled.candidate, exam=settled.exam, taken_on=day("2026-05-04"), result="fail", recorded_at=NOW
    )
    Booking.objects.filter(pk=settled.pk).update(status="failed", attempt=attempt, topics=["Perimeter", "Automation"])
    text = text_of(client.get(f"/labs/bookings/{settled.pk}/"))
    assert "Failed" in text
    assert "<li>Automation</li>" in text


def test_an_event_that_prevented_the_exam_is_said_to_be_over(client: Client, settled: Booking) -> None:
    record_incident(
        booking_id=settled.pk, minutes=None, too_long=True, unavoidable=True, description="A flood.", proctor_id=None,
        now=NOW,
    )  # fmt: skip
    text = text_of(client.get(f"/labs/bookings/{settled.pk}/"))
    assert "An unavoidable event prevented or disturbed the exam." in text
    assert "A fault lasts." not in text


# ── The confirmation ──────────────────────────────────────────────────────────────────────────────
def test_the_confirmation_is_sent_again_once_a_day_to_the_address_on_record(
    client: Client, settled: Booking, at: Any
) -> None:
    """LAB-12: the same text, with start time and address."""
    world.deliver(NOW)
    assert "Send the confirmation again" in client.get(f"/labs/bookings/{settled.pk}/").text
    Candidate.objects.filter(pk=settled.candidate_id).update(email="aiko@new.example")
    for _press in range(2):
        answer = client.post(f"/labs/bookings/{settled.pk}/confirmation/", follow=True)
    assert "It was sent again today already, to aiko@new.example." in answer.text
    first, second = settled.candidate.notices.filter(kind="booking_confirmed").order_by("id")
    assert (second.subject, second.body) == (first.subject, first.body)
    assert (first.address, second.address) == ("aiko@example.org", "aiko@new.example")
    at(NOW + timedelta(days=1))
    client.post(f"/labs/bookings/{settled.pk}/confirmation/")
    assert settled.candidate.notices.filter(kind="booking_confirmed").count() == 3


def test_what_is_not_paid_or_given_up_is_not_confirmed(client: Client, booked: Booking, cards: CardDesk) -> None:
    for words in ("Pay it; the confirmation follows by itself.", "nothing to confirm."):
        assert "Send the confirmation again" not in client.get(f"/labs/bookings/{booked.pk}/").text
        refused = client.post(f"/labs/bookings/{booked.pk}/confirmation/")
        assert refused.status_code == 409
        assert "/policy/LAB-12" in refused.text
        assert words in refused.text
        if world.status_of(booked) == "reserved":
            client.post(f"/labs/bookings/{booked.pk}/drop/")
    assert not booked.candidate.notices.filter(kind="booking_confirmed").exists()


# ── Papers ────────────────────────────────────────────────────────────────────────────────────────
def test_the_letter_and_the_calendar_file_carry_the_bookings_data(client: Client, settled: Booking) -> None:
    """LAB-16: the letter for a visa is a PDF with the booking's data."""
    letter = client.get(f"/labs/bookings/{settled.pk}/letter.pdf")
    assert letter.content.startswith(b"%PDF")
    file = client.get(f"/labs/bookings/{settled.pk}/calendar.ics").content.decode()
    assert "DTSTART;TZID=Europe/Brussels:20260504T083000\r\n" in file
    assert "DTEND;TZID=Europe/Brussels:20260504T163000\r\n" in file
    daylight = "BEGIN:DAYLIGHT\r\nDTSTART:20260329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\n"
    assert daylight in file
    assert max(len(line) for line in file.encode().split(b"\r\n")) <= 75
    client.post(f"/labs/bookings/{settled.pk}/cancel/")
    for paper in ("letter.pdf", "calendar.ics"):
        assert client.get(f"/labs/bookings/{settled.pk}/{paper}").status_code == 404


# ── Changing ──────────────────────────────────────────────────────────────────────────────────────
def test_a_late_change_is_quoted_line_by_line_and_made_by_its_payment(
    client: Client, settled: Booking, at: Any, cards: CardDesk
) -> None:
    at(LATE)
    assert "/change/tokyo/2026-06-01/" in client.get(f"/labs/bookings/{settled.pk}/change/?month=2026-06").text
    address = f"/labs/bookings/{settled.pk}/change/tokyo/2026-06-01/"
    assert 'data-clause="RSCH-02"' in client.get(address).text
    quote = client.post(address)["Location"]
    text = text_of(client.get(quote))
    for words in (
        "kept for you for 30 more minutes",
        "USD 2,310.00",
        "\N{MINUS SIGN}USD 1,936.00",
        "USD 374.00",
        "Fee for a late change",
    ):
        assert words in text
    assert "A seat is kept for you, and the change is quoted." in client.get(f"/labs/bookings/{settled.pk}/").text
    confirmed = [client.post(f"{quote}confirm/")["Location"] for _press in range(2)]
    order = Order.objects.get(purpose="lab_reschedule")
    assert confirmed == [order.payments.get().page_url] * 2
    cards.pay(order, now=LATE)
    new = Reschedule.objects.get().new
    assert client.get(f"{quote}return/")["Location"] == f"/labs/bookings/{new.pk}/"
    assert (world.status_of(settled), world.status_of(new)) == ("rescheduled", "paid")
    assert "Moved to another seat" in client.get(f"/labs/bookings/{settled.pk}/").text


def test_a_quote_is_let_go_and_one_that_is_over_says_so(client: Client, settled: Booking, at: Any) -> None:
    address = f"/labs/bookings/{settled.pk}/change/tokyo/2026-06-01/"
    quote = client.post(address)["Location"]
    for _press in range(2):
        assert client.post(f"{quote}withdraw/").status_code == 302
    assert world.status_of(settled) == "paid"
    quote = client.post(address)["Location"]
    at(NOW + timedelta(minutes=30))
    assert "The new seat is no longer kept" in client.get(quote).text
    refused = client.post(f"{quote}confirm/")
    assert refused.status_code == 409
    assert "RSCH-04" in refused.text
    assert world.status_of(settled) == "paid"


def test_a_seat_that_cannot_be_changed_to_says_why(client: Client, settled: Booking, at: Any) -> None:
    same = client.post(f"/labs/bookings/{settled.pk}/change/brussels/2026-05-04/")
    assert same.status_code == 409
    assert "The new seat is at the same site on the same day." in same.text
    assert "The booking cannot be changed to this seat" in client.get(same.wsgi_request.path).text
    at(noon("2026-05-01"))
    text = client.get(f"/labs/bookings/{settled.pk}/change/").text
    assert 'data-clause="RSCH-03"' in text
    assert 'id="calendar"' not in text
    assert not Reschedule.objects.exists()


# ── Whose they are ────────────────────────────────────────────────────────────────────────────────
def test_bookings_and_changes_of_others_are_not_there(client: Client, settled: Booking, alice: Candidate) -> None:
    change = rescheduling.quote_reschedule(booking_id=settled.pk, site_code="tokyo", day=day("2026-06-01"), now=NOW)
    client.force_login(alice.user)
    own = f"/labs/bookings/{settled.pk}/"
    reads = ["", "return/", "letter.pdf", "calendar.ics", "change/", "change/tokyo/2026-06-01/"]
    for path in [own + read for read in reads] + [f"/labs/changes/{change.pk}/", f"/labs/changes/{change.pk}/return/"]:
        assert client.get(path).status_code == 404, path
    writes = [own + write for write in ("pay/", "drop/", "cancel/", "confirmation/", "change/tokyo/2026-06-01/")]
    for path in [*writes, f"/labs/changes/{change.pk}/confirm/", f"/labs/changes/{change.pk}/withdraw/"]:
        assert client.post(path).status_code == 404, path
    assert world.status_of(settled) == "paid"
    assert world.status_of(change.new) == "held"
    assert settled.exam.name not in client.get("/labs/bookings/").text


def test_visitors_sign_in_first(client: Client, at: Any) -> None:
    for path in ("/labs/", "/labs/bookings/1/", "/labs/changes/1/", SEAT):
        assert client.get(path)["Location"].startswith("/accounts/login/")
