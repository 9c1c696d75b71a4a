"""The people one can sign in as, and everybody who acts for a provider or a site."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

from django.contrib.auth.hashers import make_password

from candidates.models import User
from catalog.models import Provider, ProviderMember
from ceportal.demo import paths
from ceportal.demo.holders import TRACKS, start_for_end
from ceportal.demo.logins import PASSWORD, email_of
from ceportal.demo.people import Person
from ceportal.demo.shelf import Shelf
from ceportal.demo.story import Completion, Scene, Story, make_user
from exams.models import Site, SiteMember

REVIEWERS = {"acme": ("reviewer", "Ruth Adeyemi"), "globex": ("reviewer of another provider", "Goran Petrović")}
BORN = date(1984, 5, 17)
UNLINKED = Person("CE10000004", "Inès Fontaine", BORN, "FR", "Europe/Paris", "ines@example.org")


def make_staff(
    shelf: Shelf, chance: Random, names: list[str], encoded_password: str, *, now: datetime
) -> dict[int, list[int]]:
    """Reviewers and managers of every provider, and a proctor; the members of each provider."""
    members: dict[int, list[int]] = {}
    for provider in shelf.providers.values():
        users = [_login(*REVIEWERS[provider.code], encoded_password, now=now)] if provider.code in REVIEWERS else []
        users += [_colleague(provider, names.pop(), now=now) for _each in range(chance.randint(1, 3))]
        members[provider.id] = [
            ProviderMember.objects.create(
                provider=provider,
                user=user,
                # Of the two one can sign in as, one is a manager too.
                role=ProviderMember.Role.MANAGER
                if user is users[-1] or user.email == email_of("reviewer")
                else ProviderMember.Role.REVIEWER,
            ).id
            for user in users
        ]
    proctor = _login("proctor", "Petra Janssens", encoded_password, now=now)
    SiteMember.objects.create(site=Site.objects.get(code="brussels"), user=proctor)
    return members


def make_administrator(encoded_password: str, *, now: datetime) -> User:
    """Programme staff, who may do everything."""
    return make_user(email_of("administrator"), "Ada Bergström", encoded_password, now=now, staff=True)


def encode_password() -> str:
    """The one password of the demonstration, hashed once for all: hashing is made slow on purpose."""
    return make_password(PASSWORD)


def _login(who: str, name: str, encoded_password: str, *, now: datetime) -> User:
    return make_user(email_of(who), name, encoded_password, now=now)


def _colleague(provider: Provider, name: str, *, now: datetime) -> User:
    local = name.lower().replace(" ", ".").encode("ascii", "ignore").decode()
    return make_user(f"{local}@{provider.code}.example", name, now=now)


def tell_candidates(scene: Scene, chance: Random, encoded_password: str) -> None:
    """The stories of the candidates one can sign in as, and of one whose record waits for a login to be linked."""
    level = paths.fee_level(scene.today) or "professional"
    who = (
        ("candidate midway", "Mira Lindqvist", "SE", "Europe/Stockholm", "CE10000001"),
        ("candidate one step from renewal", "Tomás Ibáñez", "ES", "Europe/Madrid", "CE10000002"),
        ("candidate not enrolled", "Nadia Haddad", "AE", "Asia/Dubai", "CE10000003"),
    )
    stories = []
    for login, name, country, time_zone, number in who:
        story = Story(scene, Person(number, name, BORN, country, time_zone, email_of(login)), chance)
        story.registers(_known_on(scene), user=_login(login, name, encoded_password, now=scene.now))
        stories.append(story)
    midway, one_step, not_enrolled = stories
    _hold(midway, level, lapses_in=400)
    _tell_midway(midway, level)
    _hold(one_step, level, lapses_in=75)
    _tell_one_step(one_step, level)
    _hold(not_enrolled, level, lapses_in=250)
    unlinked = Story(scene, UNLINKED, chance)
    unlinked.registers(_known_on(scene))
    _hold(unlinked, level, lapses_in=300)


def _known_on(scene: Scene) -> date:
    return max(scene.first_day, scene.today - timedelta(days=400))


def _hold(story: Story, level: str, *, lapses_in: int) -> None:
    """The certification of the level, and an associate one beside it that would be renewed with it (CERT-06)."""
    scene = story.scene
    for each, days in ((level, lapses_in), ("associate", lapses_in + 120)):
        started_on = start_for_end(each, scene.today + timedelta(days=days), seen_on=scene.today)
        recorded_on = max(started_on, _known_on(scene))
        story.holds(TRACKS[each][0], term_started_on=started_on, recorded_on=recorded_on)


def _ago(story: Story, days: int) -> date:
    return story.scene.today - timedelta(days=days)


def _one(story: Story, days_ago: int, *, credits: int, below: int, provider: str = "acme") -> Completion:
    found = story.completions([_ago(story, days_ago)], credits=credits, below=below, provider=provider)
    return found[0]


def _tell_midway(story: Story, level: str) -> None:
    """Claims in every state; the one that waits at Acme would be a good step further. An exam failed lately, too."""
    needed = paths.credits_of(level, story.scene.today)
    story.enrolls(max(_ago(story, 300), paths.open_since(level)))
    earned = _one(story, 70, credits=24, below=needed // 2)
    key = story.files(earned, on=_ago(story, 62))
    story.is_answered(key, on=_ago(story, 58))
    story.is_audited(key, on=_ago(story, 5))
    story.is_reported(_one(story, 50, credits=4, below=20), on=_ago(story, 47))
    story.goes_to_the_fair(sessions=5)
    story.sits("700-150", _ago(story, 40))
    story.sits("300-410", _ago(story, 2), "fail")
    refused = story.files(_one(story, 35, credits=4, below=64, provider="globex"), on=_ago(story, 32))
    story.is_answered(refused, on=_ago(story, 24), outcome="reject")
    sent_back = story.files(_one(story, 30, credits=4, below=64, provider="globex"), on=_ago(story, 27))
    story.is_answered(sent_back, on=_ago(story, 22), outcome="return")
    story.files(_one(story, 10, credits=4, below=needed // 3), on=_ago(story, 3), evidence=True)
    story.drafts(_one(story, 6, credits=4, below=64, provider="globex"), on=_ago(story, 2), note="To be finished.")
    story.shares("Northwind Systems, Ms Berg", on=_ago(story, 8))


def _tell_one_step(story: Story, level: str) -> None:
    """All but one step: Acme's approval of the claim that completes the credits or, in its era, the fee (CE-08)."""
    scene = story.scene
    needed = paths.credits_of(level, scene.today)
    story.enrolls(max(_ago(story, 320), paths.open_since(level)))
    days = story.days_between(_ago(story, 85), _ago(story, 30), 5)
    if paths.fee_level(scene.today):
        for completion in story.completions(days, credits=needed):
            story.earns(completion)
        return
    last = _one(story, 9, credits=20, below=needed // 2 + 1)
    for completion in story.completions(days, credits=needed - last.offer.credits, below=needed):
        story.earns(completion)
    story.files(last, on=_ago(story, 2), evidence=True)
