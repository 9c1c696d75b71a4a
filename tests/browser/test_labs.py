"""Lab seats in a real browser, on the real stack: booked and paid, changed with a quote, raced for, and checked in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import FEE_ERA, LiveStack
from tests.browser.test_main_job import GOOD, pay_by_card

pytestmark = pytest.mark.browser

TODAY = date.fromisoformat(FEE_ERA)
PASSWORD = "demo-portal-2026"
CANDIDATE = """
from datetime import date
from allauth.account.models import EmailAddress
from candidates.models import User
from candidates.services import link_candidate, register_candidate
from ceportal.kernel import clock
from exams.services import record_attempt
now = clock.now()
for number, email in {people}:
    user = User.objects.create_user(email=email, password="{password}", name="Lab " + number)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    candidate = register_candidate(number=number, name="Lab " + number, born=date(1985, 4, 9), country="BE",
                                   email=email, time_zone="Europe/Brussels", now=now)
    link_candidate(user_id=user.pk, number=number, born=date(1985, 4, 9), now=now)
    record_attempt(candidate_id=candidate.pk, exam_number="350-701", taken_on=date(2019, 6, 3), result="pass", now=now)
"""
# A site of its own, where the day began at midnight: somebody has a seat of today, paid by a voucher two months ago.
DESK = """
from datetime import time, timedelta
from allauth.account.models import EmailAddress
from candidates.models import Candidate, User
from ceportal.kernel import clock
from exams.models import Booking, Site, SiteMember
from exams.services import book_seat, open_sitting
from payments.services import issue_voucher
today, then = clock.day_of(clock.now()), clock.now() - timedelta(days=60)
site = Site.objects.create(code="desk-town", name="Desk Town", country="KE", time_zone="UTC", address="1 High Street")
user = User.objects.create_user(email="desk@example.net", password="{password}", name="Paul Proctor")
EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
SiteMember.objects.create(site=site, user=user)
open_sitting(site_id=site.pk, day=today, starts_at=time(0), seats=2, now=then)
sat_by = Candidate.objects.get(number="{number}")
voucher = issue_voucher(candidate_id=sat_by.pk, expires_on=today, now=then)
booking = book_seat(candidate_id=sat_by.pk, track_code="ccie-security", site_code=site.code, day=today, accept=True,
                    voucher_code=voucher.code, now=then)
assert booking.status == Booking.Status.PAID
print(booking.pk)
"""
LAST_SEAT = """
from datetime import date, time
from ceportal.kernel import clock
from exams.models import Site
from exams.services import open_sitting
open_sitting(site_id=Site.objects.get(code="dubai").pk, day=date({day:%Y, %-m, %-d}), starts_at=time(9), seats=1,
             now=clock.now())
"""


def enter(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.fill('[name="login"]', email)
    page.fill('[name="password"]', PASSWORD)
    with page.expect_navigation():
        page.press('[name="password"]', "Enter")


def weekday(day: date, number: int) -> date:
    """The first such weekday from a day on."""
    return next(each for each in (day + timedelta(days=ahead) for ahead in range(7)) if each.weekday() == number)


def choose(page: Page, site: str, day: date) -> None:
    """Pick a day of a site in the calendar that the page shows."""
    page.get_by_label("Site").select_option(site)
    with page.expect_navigation():
        page.get_by_role("button", name="Show").click()
    month = page.locator(".month-nav h3")
    while (shown := month.inner_text()) != f"{day:%B %Y}":
        page.locator('a[rel="next"]').click()
        expect(month).not_to_have_text(shown)
    page.locator(f'a[href$="/{site}/{day}/"]').click()


def accept_texts(page: Page) -> None:
    page.get_by_label("I have read these texts").check()


def test_book_pay_and_change_within_thirty_days(live_stack: LiveStack, open_window: Callable[..., Page]) -> None:
    people = [("CE77002001", "lab-one@example.net")]
    live_stack.manage("shell", "-c", CANDIDATE.format(people=people, password=PASSWORD))
    page, booked_on = open_window(), weekday(TODAY + timedelta(days=14), 1)
    enter(page, "lab-one@example.net")

    # So close that it is paid at once; the seat is kept meanwhile (LAB-06).
    page.goto("/labs/?track=ccie-security")
    choose(page, "brussels", booked_on)
    expect(page.get_by_text("1,936.00").first).to_be_visible()
    accept_texts(page)
    page.get_by_role("button", name="Book and pay by card").click()
    pay_by_card(page, GOOD)
    page.wait_for_url(f"{live_stack.address}/labs/bookings/**")
    expect(page.get_by_text("Booked and paid in full")).to_be_visible()
    file = page.request.get(page.url.split("return/")[0] + "calendar.ics")
    assert f"DTSTART;TZID=Europe/Brussels:{booked_on:%Y%m%d}T083000" in file.text()

    # Less than thirty days ahead a change costs a fee; line by line before the one button (RSCH-02, RSCH-04).
    new_day = weekday(TODAY + timedelta(days=40), 2)
    page.get_by_role("link", name="Change the booking").click()
    choose(page, "richardson", new_day)
    page.get_by_role("button", name="Keep this seat and show the quote").click()
    expect(page.get_by_text(re.compile("is kept for you for (29|30) more minutes"))).to_be_visible()
    quote = page.get_by_role("table")
    for line in ("1,600.00", "336.00", "500.00"):
        expect(quote).to_contain_text(line)
    expect(page.get_by_text("164.00")).to_be_visible()  # 2,100 less 1,936
    page.get_by_role("button", name=re.compile("^Pay .*2,100.00 and change")).click()
    pay_by_card(page, GOOD)
    page.wait_for_url(f"{live_stack.address}/labs/bookings/**")
    expect(page.get_by_text("Your booking is changed.")).to_be_visible()
    expect(page.get_by_text("In place of")).to_be_visible()
    page.goto("/dashboard/")
    expect(page.get_by_role("link", name="Security lab in Richardson", exact=True)).to_be_visible()


def test_two_people_race_for_one_seat(live_stack: LiveStack, open_window: Callable[..., Page]) -> None:
    people = [("CE77002002", "lab-two@example.net"), ("CE77002003", "lab-three@example.net")]
    day = weekday(TODAY + timedelta(days=60), 4)  # a Friday, on which the site holds nothing else
    live_stack.manage("shell", "-c", CANDIDATE.format(people=people, password=PASSWORD))
    live_stack.manage("shell", "-c", LAST_SEAT.format(day=day))
    windows = [open_window(), open_window()]
    for window, (_number, email) in zip(windows, people, strict=True):
        enter(window, email)
        window.goto(f"/labs/book/ccie-security/dubai/{day}/")
        accept_texts(window)
    for window in windows:  # both are sent before either answer is looked at
        window.get_by_role("button", name="Book and pay later").click(no_wait_after=True)
    for window in windows:
        window.wait_for_load_state()
        expect(window.get_by_text(re.compile("Reserved, and not paid yet|cannot be booked now")).first).to_be_visible()
    won = [window for window in windows if window.get_by_text("Reserved, and not paid yet").count()]
    assert len(won) == 1
    (lost,) = (window for window in windows if window not in won)
    expect(lost.get_by_role("alert")).to_contain_text("LAB-15")
    lost.goto(f"/labs/?track=ccie-security&site=dubai&month={day:%Y-%m}")
    expect(lost.get_by_role("listitem").filter(has_text="full")).to_be_visible()
    won[0].get_by_role("button", name="Drop the booking").click()
    expect(won[0].get_by_text("It cost nothing.")).to_be_visible()


def test_the_desk_checks_in_runs_a_clock_and_closes_the_sitting(
    live_stack: LiveStack, open_window: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    people = [("CE77002004", "lab-four@example.net")]
    live_stack.manage("shell", "-c", CANDIDATE.format(people=people, password=PASSWORD))
    told = live_stack.manage("shell", "-c", DESK.format(number="CE77002004", password=PASSWORD))
    booking = f"/desk/bookings/{told.split()[-1]}/"
    page = open_window(width=390)
    enter(page, "desk@example.net")
    page.goto("/desk/")
    page.get_by_role("link", name="Lab CE77002004").click()

    # Without a second document nobody starts (EXAM-13); what was filled in stays.
    page.get_by_label("Minutes after the start").fill("5")
    page.get_by_label("Government photo identity").select_option(label="passport")
    page.get_by_label("Agreed to be photographed, and was").check()
    page.get_by_label(re.compile("^Signed")).check()
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_role("alert")).to_contain_text("EXAM-13")
    expect(page.get_by_label("Government photo identity")).to_have_value("passport")
    page.get_by_label("Second signed document").select_option(label="bank card with signature")
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_text("Checked in: the exam can begin.")).to_be_visible()

    # While the clock of a fault is running the sitting does not end (INC-01).
    page.get_by_text("Something does not work").click()
    page.get_by_label("What happened").fill("The rack has no power.")
    page.get_by_role("button", name="Start the clock").click()
    expect(page.get_by_text(re.compile("minutes lost since"))).to_be_visible()
    page.goto("/desk/")
    expect(page.get_by_text(re.compile("fault, . minutes so far"))).to_be_visible()
    expect(page.get_by_text("The clock of a fault is still running; faults that last: 1.")).to_be_visible()
    expect(page.get_by_text("Close the sitting")).to_have_count(0)
    page.goto(booking)
    page.get_by_role("button", name="Stop the clock").click()
    expect(page.get_by_text(re.compile("The session is longer by . minutes"))).to_be_visible()

    page.goto("/desk/")
    page.get_by_text("Close the sitting").first.click()
    page.get_by_role("button", name="Close the sitting").click()
    expect(page.get_by_text("The sitting is closed.")).to_be_visible()
    for line in ("Started: Lab CE77002004, 5 minutes late", "Fault: Lab CE77002004", "Ended"):
        expect(page.get_by_text(line).first).to_be_visible()

    # Another site's proctor gets nothing of it.
    other = open_window()
    sign_in(other, "proctor")
    other.goto("/desk/")
    expect(other.get_by_text("Lab CE77002004")).to_have_count(0)
    for address in (booking, f"{booking}check-in/", f"{booking}fault/"):
        answer = other.request.get(address)
        assert answer.status in {404, 405}
        assert "CE77002004" not in answer.text()
