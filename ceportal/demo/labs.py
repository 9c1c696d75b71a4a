"""Labs of the demonstration: who can book and has booked, who failed and waits for a seat, who is expected today.

The one seat of a Friday in Richardson is Yuki's, and Kwame waits for it: when she changes or cancels, he is offered it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta
from random import Random

from candidates.models import User
from ceportal.demo.cast import BORN
from ceportal.demo.logins import email_of
from ceportal.demo.payment import pay_order
from ceportal.demo.people import Person
from ceportal.demo.story import Scene, Story, make_user
from ceportal.kernel import clock
from exams import services
from exams.models import Booking, Site, Sitting, WaitingWish
from exams.rules.desk import IdentityFacts
from exams.services import exam_day
from exams.services.results import publish_result
from payments.models import Voucher
from payments.services import issue_voucher

SITTING_DAYS = range(4)  # the sites of the reference hold labs from Monday to Thursday
FRIDAY = (4,)
EXAM_HOURS = timedelta(hours=8)
AT_THE_DESK = IdentityFacts("passport", "bank_card", photographed=True, signed=True)
VOUCHER_VALID = timedelta(days=365)
EXPECTED = (
    Person("CE10000006", "Milan Dvořák", BORN, "CZ", "Europe/Prague", "milan@example.net"),
    Person("CE10000007", "Beatriz Antunes", BORN, "PT", "Europe/Lisbon", "beatriz@example.net"),
)


def plan(scene: Scene, encoded_password: str) -> None:
    """The stories of all four."""
    chance = Random("labs")  # noqa: S311 - the same stories every time
    wanted = _next(FRIDAY, scene.today + timedelta(days=20))
    for login, name, country, time_zone, number, tell in (
        ("candidate for a lab", "Yuki Tanabe", "JP", "Asia/Tokyo", "CE10000005", _tell_yuki),
        ("candidate after a lab", "Kwame Mensah", "GH", "Africa/Accra", "CE10000008", _tell_kwame),
    ):
        story = Story(scene, Person(number, name, BORN, country, time_zone, email_of(login)), chance)
        story.registers(_ago(scene, 150), user=make_user(email_of(login), name, encoded_password, now=scene.now))
        tell(story, wanted)
    for place, person in enumerate(EXPECTED):
        story = Story(scene, person, chance)
        story.registers(_ago(scene, 90))
        story.sits("350-701", _ago(scene, 80))
        scene.timeline.on(_ago(scene, 60 - place), _expect_today(story), turn=9)


def _tell_yuki(story: Story, wanted: date) -> None:
    """Both written exams passed; one lab paid by a voucher, close enough that a change costs its fee; one dropped."""
    scene = story.scene
    story.sits("350-401", _ago(scene, 130))
    story.sits("350-701", _ago(scene, 120))

    def book(now: datetime) -> None:
        _open("richardson", wanted, seats=1, now=now)
        for _each in range(2):
            issue_voucher(candidate_id=story.id, expires_on=clock.day_of(now) + VOUCHER_VALID, now=now)
        code = Voucher.objects.filter(candidate_id=story.id).earliest("id").code
        _book(story, "ccie-enterprise", "richardson", wanted, now=now, voucher_code=code)

    def book_and_drop(now: datetime) -> None:
        booking = _book(story, "ccie-security", "tokyo", _next(SITTING_DAYS, scene.today + timedelta(days=80)), now=now)
        services.drop_booking(booking_id=booking.pk, now=now + timedelta(minutes=20))

    scene.timeline.on(_ago(scene, 40), book, turn=9)
    scene.timeline.on(_ago(scene, 30), book_and_drop, turn=9)


def _tell_kwame(story: Story, wanted: date) -> None:
    """A lab failed some days ago, which can still be read once more; and a seat waited for in the other track."""
    scene = story.scene
    story.sits("350-401", _ago(scene, 140))
    story.sits("350-701", _ago(scene, 130))
    sat_on = _ago(scene, 5)
    booked: list[int] = []  # its key, once it is made

    def book(now: datetime) -> None:
        _open("brussels", sat_on, seats=4, now=now)
        booked.append(_book_and_pay(story, "ccie-enterprise", sat_on, now=now).pk)

    def sit(now: datetime) -> None:
        proctor_id = User.objects.get(email=email_of("proctor")).pk
        exam_day.check_in(booking_id=booked[0], minutes_late=4, identity=AT_THE_DESK, proctor_id=proctor_id, now=now)
        sitting = Sitting.objects.get(site__code="brussels", day=sat_on)
        exam_day.close_sitting(sitting_id=sitting.pk, proctor_id=proctor_id, now=now + EXAM_HOURS)

    def fail(now: datetime) -> None:
        topics = ("Network assurance", "Infrastructure automation")
        publish_result(booking_id=booked[0], result="fail", topics=topics, publisher_id=scene.staff_id, now=now)

    def wait(site: str, first: date, last: date, now: datetime) -> WaitingWish:
        return services.ask_for_seat(
            candidate_id=story.id,
            track_code="ccie-security",
            site_codes=[site],
            first_day=first,
            last_day=last,
            now=now,
        )

    def wait_and_withdraw(now: datetime) -> None:
        full = _ago(scene, -40)
        wish = wait("dubai", full, full + timedelta(days=6), now)
        services.withdraw_wish(wish_id=wish.pk, now=now + timedelta(minutes=20))

    scene.timeline.on(_ago(scene, 60), book, turn=9)
    scene.timeline.on(sat_on, sit, turn=1)
    scene.timeline.on(_ago(scene, 3), fail, turn=9)
    scene.timeline.on(_ago(scene, 2), wait_and_withdraw, turn=9)
    scene.timeline.on(_ago(scene, 1), lambda now: wait("richardson", wanted, wanted, now), turn=9)


def _expect_today(story: Story) -> Callable[[datetime], None]:
    """A seat in Brussels for the demonstration's first day, paid by card."""

    def act(now: datetime) -> None:
        _open("brussels", story.scene.today, seats=4, now=now)
        _book_and_pay(story, "ccie-security", story.scene.today, now=now)

    return act


def _open(site: str, day: date, *, seats: int, now: datetime) -> None:
    """A sitting, whatever weekday it is."""
    site_id = Site.objects.get(code=site).pk
    services.open_sitting(site_id=site_id, day=day, starts_at=time(8, 30), seats=seats, now=now)


def _book_and_pay(story: Story, track: str, day: date, *, now: datetime) -> Booking:
    """A seat in Brussels, paid by card."""
    booking = _book(story, track, "brussels", day, now=now)
    assert booking.order is not None  # asked for with the booking
    pay_order(booking.order, cardholder=story.person.name, now=now)
    return booking


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


def _next(weekdays: Collection[int], day: date) -> date:
    """The first of these weekdays from a day on."""
    return next(each for each in (day + timedelta(days=ahead) for ahead in range(7)) if each.weekday() in weekdays)
