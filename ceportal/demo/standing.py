"""People of the demonstration whose standing is out of the ordinary: under a sanction, a minor, at a partner."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from candidates import services
from candidates.models import ChannelPartner, Sanction
from ceportal.demo import cast, paths
from ceportal.demo.holders import TRACKS, on_exam_day, start_for_end
from ceportal.demo.logins import email_of
from ceportal.demo.people import Person
from ceportal.demo.story import Scene, Story, make_user
from ceportal.kernel.calendar import add_years

SEED = 11  # of their own, so that everybody else's stories stay what they are
STATEMENT = (
    "Three certificates of completion that you handed in carry numbers the provider never issued. We asked you for the"
    " originals and did not receive them."
)
EVIDENCE = "The provider's letter about the three numbers, and the files, are kept with the case."
WORDS = (
    "The numbers are those of the provider's old system. Its training desk sent me the certificates by e-mail, and I"
    " can show the messages. I was travelling when you asked for the originals."
)


def plan(scene: Scene, encoded_password: str) -> None:
    """Three short stories, the first of somebody one can sign in as."""
    chance, born_like = Random(SEED), cast.UNLINKED  # noqa: S311 - the same stories every time
    _under_a_sanction(scene, chance, encoded_password, born_like)
    _minor(scene, chance, born_like)
    _at_a_partner(scene, chance, born_like)


def _under_a_sanction(scene: Scene, chance: Random, encoded_password: str, born_like: Person) -> None:
    """Revoked, a claim kept meanwhile, and an appeal that waits for somebody who took no part."""
    email = email_of("candidate under a sanction")
    person = replace(born_like, number="CE10000011", name="Viktor Halvorsen", country="NO", email=email)
    story = Story(scene, person, chance)
    user = make_user(email, person.name, encoded_password, now=scene.now)
    level = paths.fee_level(scene.today) or "professional"
    started_on = start_for_end(level, scene.today + timedelta(days=300), seen_on=scene.today)
    known_on = max(scene.first_day, started_on, scene.today - timedelta(days=200))
    story.registers(known_on, user=user)
    story.holds(TRACKS[level][0], term_started_on=started_on, recorded_on=known_on)
    story.enrolls(max(known_on, paths.open_since(level)))
    completed = story.completions([scene.today - timedelta(days=24)], credits=4, below=64, provider="globex")
    story.files(completed[0], on=scene.today - timedelta(days=20), evidence=True)
    second = make_user("signatory@programme.example", "Bruno Castellanos", now=scene.now, staff=True)

    def proposed(now: datetime) -> None:
        services.propose_sanction(
            candidate_id=story.id,
            clause="CE-12",
            statement=STATEMENT,
            evidence=EVIDENCE,
            staff_id=second.pk,
            now=now,
        )

    def signed(now: datetime) -> None:
        sanction = Sanction.objects.get(candidate_id=story.id)
        services.confirm_sanction(sanction_id=sanction.pk, staff_id=scene.staff_id, now=now)

    def appealed(now: datetime) -> None:
        sanction = Sanction.objects.get(candidate_id=story.id)
        services.file_sanction_appeal(candidate_id=story.id, sanction_id=sanction.pk, words=WORDS, now=now)

    for days_ago, act in ((14, proposed), (12, signed), (4, appealed)):
        scene.timeline.on(scene.today - timedelta(days=days_ago), act)


def _minor(scene: Scene, chance: Random, born_like: Person) -> None:
    """Fifteen, certified at entry level after a parent had signed (CAND-05)."""
    born = add_years(scene.today, -15) - timedelta(days=100)
    person = replace(
        born_like, number="CE10000012", name="Yui Matsumoto", born=born, country="JP", email="yui@example.org"
    )
    story = Story(scene, person, chance)
    known_on = max(scene.first_day, scene.today - timedelta(days=90))
    story.registers(known_on)

    def signed(now: datetime) -> None:
        services.record_consent(
            candidate_id=story.id,
            guardian="Haruka Matsumoto",
            relation="mother",
            signed_on=known_on,
            evidence="The signed form, scanned, came with the registration.",
            recorded_by_id=scene.staff_id,
            now=now,
        )

    scene.timeline.on(known_on, signed, turn=1)
    story.holds("ccst-networking", term_started_on=scene.yesterday, recorded_on=scene.yesterday)


def _at_a_partner(scene: Scene, chance: Random, born_like: Person) -> None:
    """An expert who left one channel partner and asks for another (CERT-07)."""
    person = replace(born_like, number="CE10000013", name="Rosa Delgado", country="US", email="rosa@example.org")
    story = Story(scene, person, chance)
    started_on = on_exam_day(start_for_end("expert", scene.today + timedelta(days=500), seen_on=scene.today))
    known_on = max(scene.first_day, started_on + timedelta(days=2), scene.today - timedelta(days=150))
    story.registers(known_on, user=make_user(person.email, person.name, now=scene.now))
    story.holds("ccie-data-center", term_started_on=started_on, recorded_on=known_on)
    for code, name in (("northwind", "Northwind Networks"), ("contoso", "Contoso Systems")):
        ChannelPartner.objects.get_or_create(code=code, defaults={"name": name})

    def asks(code: str, now: datetime) -> int:
        asked = services.request_affiliation(
            candidate_id=story.id, partner_code=code, country=person.country, full_time=True, now=now
        )
        return asked.pk

    def joins(now: datetime) -> None:
        services.confirm_affiliation(affiliation_id=asks("northwind", now), user_id=scene.staff_id, now=now)

    def leaves(now: datetime) -> None:
        services.leave_partner(candidate_id=story.id, now=now)
        asks("contoso", now)

    scene.timeline.on(scene.today - timedelta(days=80), joins)
    scene.timeline.on(scene.today - timedelta(days=6), leaves)
