"""Long-time experts of the demonstration: Emeritus on offer, in a term that was bought, in grace, and Lifetime."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random

from ceportal.demo import paths
from ceportal.demo.holders import start_for_end
from ceportal.demo.logins import email_of
from ceportal.demo.payment import pay_order
from ceportal.demo.people import Person
from ceportal.demo.story import Scene, Story, make_user
from ceportal.kernel.calendar import add_years
from ceportal.kernel.policy import BOOK
from emeritus.services import buy_emeritus

SEED = 17  # of their own, so that everybody else's stories stay what they are
BORN = date(1966, 9, 3)
HAKON = Person("CE10000021", "Håkon Ellingsen", BORN, "NO", "Europe/Oslo", email_of("long-time expert"))
AKEMI = Person("CE10000022", "Akemi Shirakawa", BORN, "JP", "Asia/Tokyo", "akemi@example.net", language="ja")
CONOR = Person("CE10000023", "Conor Whelan", BORN, "IE", "Europe/Dublin", "conor@example.net")
INGEBORG = Person("CE10000024", "Ingeborg Sandvik", BORN, "NO", "Europe/Oslo", "ingeborg@example.net")


def plan(scene: Scene, encoded_password: str) -> None:
    """Four stories, the first of somebody one can sign in as; what the book of the day does not know is left out."""
    _on_offer(scene, encoded_password)
    _bought(scene)
    if not paths.suspended_level(scene.today):
        _in_grace(scene)
    if BOOK.on(scene.today - timedelta(days=300))["emeritus.lifetime_years"].value:
        _lifetime(scene)


def _on_offer(scene: Scene, encoded_password: str) -> None:
    """In the window before the anniversary, with a younger CCDE: recertifying may serve better (EMR-04, EMR-09)."""
    story = _story(scene, HAKON, encoded_password)
    anniversary_on = scene.today + timedelta(days=34)
    _holds(story, "ccie-enterprise", anniversary_on, years=12, lapses_on=anniversary_on + timedelta(days=25))
    _holds(story, "ccde", anniversary_on - timedelta(days=60), years=5, lapses_on=anniversary_on + timedelta(days=25))


def _bought(scene: Scene) -> None:
    """In Emeritus: a term was bought by card before the anniversary on which the active status ended (EMR-06)."""
    story = _story(scene, AKEMI)
    anniversary_on = scene.today - timedelta(days=70)
    _holds(story, "ccie-security", anniversary_on, years=11, lapses_on=anniversary_on)
    scene.timeline.on(anniversary_on - timedelta(days=25), _buys(story), turn=9)


def _in_grace(scene: Scene) -> None:
    """The active status has ended in an open window: Emeritus can still be bought, with the late fee (EMR-05)."""
    story = _story(scene, CONOR)
    anniversary_on = scene.today - timedelta(days=22)
    _holds(story, "ccie-data-center", anniversary_on, years=14, lapses_on=anniversary_on)


def _lifetime(scene: Scene) -> None:
    """Twenty years as CCIE, and the active status has ended since: Lifetime has come by itself (EMR-11)."""
    story = _story(scene, INGEBORG)
    years = BOOK.on(scene.today)["emeritus.lifetime_years"].value + 1
    anniversary_on = scene.today - timedelta(days=150)
    _holds(story, "ccie-service-provider", anniversary_on, years=years, lapses_on=anniversary_on + timedelta(days=40))


def _story(scene: Scene, person: Person, encoded_password: str = "") -> Story:
    story = Story(scene, person, Random(SEED))  # noqa: S311 - the same stories every time
    story.registers(_known_on(scene), user=make_user(person.email, person.name, encoded_password, now=scene.now))
    return story


def _known_on(scene: Scene) -> date:
    return max(scene.first_day, scene.today - timedelta(days=240))


def _holds(story: Story, track: str, anniversary_on: date, *, years: int, lapses_on: date) -> None:
    """Hold a certification whose years are complete on an anniversary, and which lapses on a day."""
    scene = story.scene
    started_on = start_for_end("expert", lapses_on, seen_on=min(lapses_on, scene.today))
    recorded_on = max(_known_on(scene), started_on + timedelta(days=2))
    story.holds(
        track, term_started_on=started_on, recorded_on=recorded_on, certified_on=add_years(anniversary_on, -years)
    )


def _buys(story: Story) -> Callable[[datetime], None]:
    def buy(now: datetime) -> None:
        order = buy_emeritus(candidate_id=story.id, family="ccie", confirmed=False, now=now)
        pay_order(order, cardholder=story.person.name, now=now)

    return buy
