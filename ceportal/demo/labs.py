"""Labs of the demonstration: a candidate who can book and has booked, and two who are expected today in Brussels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random

from ceportal.demo.cast import BORN
from ceportal.demo.logins import email_of
from ceportal.demo.payment import pay_order
from ceportal.demo.people import Person
from ceportal.demo.story import Scene, Story, make_user
from ceportal.kernel import clock
from exams import services
from exams.models import Booking, Site
from payments.models import Voucher
from payments.services import issue_voucher

SITTING_DAYS = range(4)  # the sites of the reference hold labs from Monday to Thursday
VOUCHER_VALID = timedelta(days=365)
EXPECTED = (
    Person("CE10000006", "Milan Dvořák", BORN, "CZ", "Europe/Prague", "milan@example.net"),
    Person("CE10000007", "Beatriz Antunes", BORN, "PT", "Europe/Lisbon", "beatriz@example.net"),
)


def plan(scene: Scene, encoded_password: str) -> None:
    """The stories of all three."""
    chance = Random("labs")  # noqa: S311 - the same stories every time
    login = "candidate for a lab"
    yuki = Story(scene, Person("CE10000005", "Yuki Tanabe", BORN, "JP", "Asia/Tokyo", email_of(login)), chance)
    yuki.registers(_ago(scene, 140), user=make_user(email_of(login), "Yuki Tanabe", encoded_password, now=scene.now))
    _tell_yuki(yuki)
    for number, person in enumerate(EXPECTED):
        story = Story(scene, person, chance)
        story.registers(_ago(scene, 90))
        story.sits("350-701", _ago(scene, 80))
        scene.timeline.on(_ago(scene, 60 - number), _expect_today(story), turn=9)


def _tell_yuki(story: Story) -> None:
    """Both written exams passed; one lab paid by a voucher, close enough that a change costs its fee; one dropped."""
    scene = story.scene
    story.sits("350-401", _ago(scene, 130))
    story.sits("350-701", _ago(scene, 120))
    ahead = _sitting_day(scene.today + timedelta(days=20))

    def book(now: datetime) -> None:
        for _each in range(2):
            issue_voucher(candidate_id=story.id, expires_on=clock.day_of(now) + VOUCHER_VALID, now=now)
        code = Voucher.objects.filter(candidate_id=story.id).earliest("id").code
        _book(story, "ccie-enterprise", "richardson", ahead, now=now, voucher_code=code)

    def book_and_drop(now: datetime) -> None:
        booking = _book(story, "ccie-security", "tokyo", _sitting_day(scene.today + timedelta(days=80)), now=now)
        services.drop_booking(booking_id=booking.pk, now=now + timedelta(minutes=20))

    scene.timeline.on(_ago(scene, 40), book, turn=9)
    scene.timeline.on(_ago(scene, 30), book_and_drop, turn=9)


def _expect_today(story: Story) -> Callable[[datetime], None]:
    """A seat in Brussels for the demonstration's first day, paid by card."""

    def act(now: datetime) -> None:
        site, today = Site.objects.get(code="brussels"), story.scene.today
        services.open_sitting(site_id=site.pk, day=today, starts_at=time(8, 30), seats=4, now=now)
        booking = _book(story, "ccie-security", site.code, today, now=now)
        assert booking.order is not None  # asked for with the booking
        pay_order(booking.order, cardholder=story.person.name, now=now)

    return act


def _book(story: Story, track: str, site: str, day: date, *, now: datetime, voucher_code: str = "") -> Booking:
    return services.book_seat(
        candidate_id=story.id,
        track_code=track,
        site_code=site,
        day=day,
        voucher_code=voucher_code,
        accept=True,
        ip_address="203.0.113.77",
        now=now,
    )


def _ago(scene: Scene, days: int) -> date:
    return scene.today - timedelta(days=days)


def _sitting_day(day: date) -> date:
    """The first day from then on on which sites hold labs."""
    return next(each for each in (day + timedelta(days=ahead) for ahead in range(7)) if each.weekday() in SITTING_DAYS)
