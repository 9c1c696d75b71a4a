"""People of the demonstration whose standing is out of the ordinary: under a sanction, a minor, at a partner."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

from candidates import services
from candidates.models import ChannelPartner, PartnerMember, Sanction, Tip
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
    """Short stories: one can sign in as the first of them, and as whoever acts for the partner."""
    chance, born_like = Random(SEED), cast.UNLINKED  # noqa: S311 - the same stories every time
    _under_a_sanction(scene, chance, encoded_password, born_like)
    _minor(scene, chance, born_like)
    _at_a_partner(scene, chance, encoded_password, born_like)
    _reported(scene)


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


def _at_a_partner(scene: Scene, chance: Random, encoded_password: str, born_like: Person) -> None:
    """An expert asks for another channel partner, which has one who counts and one who does not (CERT-07, EMR-15)."""
    partners = {}
    for code, name in (("northwind", "Northwind Networks"), ("contoso", "Contoso Systems")):
        partners[code], _created = ChannelPartner.objects.get_or_create(code=code, defaults={"name": name})
    member = make_user(email_of("channel partner"), "Pia Sandoval", encoded_password, now=scene.now)
    acting = PartnerMember.objects.create(partner=partners["contoso"], user=member)
    started_on = on_exam_day(start_for_end("expert", scene.today + timedelta(days=500), seen_on=scene.today))
    known_on = max(scene.first_day, started_on + timedelta(days=2), scene.today - timedelta(days=150))

    def expert(number: str, name: str, email: str) -> Story:
        story = Story(scene, replace(born_like, number=number, name=name, country="US", email=email), chance)
        story.registers(known_on, user=make_user(email, name, now=scene.now))
        return story

    def asks(story: Story, code: str, now: datetime) -> int:
        asked = services.request_affiliation(
            candidate_id=story.id, partner_code=code, country="US", full_time=True, now=now
        )
        return asked.pk

    def joins_contoso(story: Story, now: datetime) -> None:
        services.confirm_for_partner(affiliation_id=asks(story, "contoso", now), member_id=acting.pk, now=now)

    def joins_northwind(now: datetime) -> None:
        services.confirm_affiliation(affiliation_id=asks(rosa, "northwind", now), user_id=scene.staff_id, now=now)

    def leaves(now: datetime) -> None:
        services.leave_partner(candidate_id=rosa.id, now=now)
        asks(rosa, "contoso", now)

    rosa = expert("CE10000013", "Rosa Delgado", "rosa@example.org")
    rosa.holds("ccie-data-center", term_started_on=started_on, recorded_on=known_on)
    counts = expert("CE10000014", "Theo Brandt", "theo@example.org")
    counts.holds("ccie-security", term_started_on=started_on, recorded_on=known_on)
    retired = expert("CE10000015", "Walter Hutchins", "walter@example.org")
    retired.is_emeritus(
        "ccie-data-center",
        certified_on=add_years(known_on, -12),
        until=scene.today + timedelta(days=200),
        recorded_on=known_on,
        route="recertify",
    )
    scene.timeline.on(scene.today - timedelta(days=80), joins_northwind)
    for story in (counts, retired):
        scene.timeline.on(scene.today - timedelta(days=60), partial(joins_contoso, story))
    scene.timeline.on(scene.today - timedelta(days=6), leaves)


def _reported(scene: Scene) -> None:
    """Somebody reported questions for sale, was asked where, and has answered (CAND-03)."""
    form = services.TipForm(
        words="Somebody in our study group sells photographs of questions. They were on offer again this week.",
        happened_on=scene.today - timedelta(days=5),
        activity="350-701",
    )

    def reported(now: datetime) -> None:
        services.file_tip(form_key=UUID(int=SEED), form=form, now=now)

    def asked(now: datetime) -> None:
        words = "Thank you. Where are they on offer, and under which name?"
        services.ask_reporter(
            tip_id=Tip.objects.get().pk, form_key=UUID(int=SEED + 1), words=words, staff_id=scene.staff_id, now=now
        )

    def answered(now: datetime) -> None:
        words = "In the group's chat. The name there is labrat77; I do not know the real one."
        services.add_to_tip(tip_id=Tip.objects.get().pk, form_key=UUID(int=SEED + 2), words=words, now=now)

    for days_ago, act in ((4, reported), (3, asked), (1, answered)):
        scene.timeline.on(scene.today - timedelta(days=days_ago), act)
