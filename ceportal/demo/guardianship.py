"""Texts to accept in the demonstration: a new version that is asked for again, and a minor who waits for a guardian."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from candidates import services
from candidates.models import Agreement
from ceportal.demo import cast
from ceportal.demo.logins import email_of
from ceportal.demo.story import Scene, Story, make_user
from ceportal.kernel.calendar import add_years

SEED = 12  # of their own, so that everybody else's stories stay what they are
NEW_WORDS = {  # what the second version says instead
    "en": ("Recordings are deleted when they are no longer needed", "Recordings are deleted after ninety days"),
    "ja": ("録画は、必要がなくなった時点で消去されます", "録画は、九十日後に消去されます"),
}


def plan(scene: Scene, encoded_password: str) -> None:
    """A second version of the recording notice, since some days; a minor whose parent has a link."""
    _new_version(scene)
    _waiting_minor(scene, encoded_password)


def _new_version(scene: Scene) -> None:
    """Whoever booked a lab before is asked for it again (LAB-02); no claim depends on it."""

    def publish(now: datetime) -> None:
        first = Agreement.objects.get(kind=Agreement.Kind.RECORDING, version="1.0")
        words = {
            language: replace(each, text=each.text.replace(*NEW_WORDS[language]))
            for language, each in first.words.items()
        }
        draft = services.draft_agreement(
            kind=first.kind,
            version="2.0",
            title=words["en"].title,
            text=words["en"].text,
            effective_on=scene.today - timedelta(days=4),
        )
        services.translate_agreement(
            agreement_id=draft.pk,
            language="ja",
            title=words["ja"].title,
            text=words["ja"].text,
            staff_id=scene.staff_id,
            now=now,
        )
        services.publish_agreement(agreement_id=draft.pk, staff_id=scene.staff_id, now=now)

    scene.timeline.on(scene.today - timedelta(days=14), publish)


def _waiting_minor(scene: Scene, encoded_password: str) -> None:
    """Fourteen, reads Japanese; a first link went to a wrong address, a second waits to be signed (CAND-05)."""
    born = add_years(scene.today, -14) - timedelta(days=40)
    email = email_of("minor without a signature")
    person = replace(
        cast.UNLINKED,
        number="CE10000031",
        name="Sora Hayashi",
        born=born,
        country="JP",
        time_zone="Asia/Tokyo",
        email=email,
    )
    story = Story(scene, person, Random(SEED))  # noqa: S311 - the same story every time
    known_on = max(scene.first_day, scene.today - timedelta(days=30))
    story.registers(known_on, user=make_user(email, person.name, encoded_password, now=scene.now))

    def ask(address: str, now: datetime) -> None:
        services.ask_guardian(candidate_id=story.id, email=address, language="ja", asked_by_id=None, now=now)

    def begins(now: datetime) -> None:
        services.choose_language(candidate_id=story.id, language="ja", now=now)
        ask("haruka.hayashi@exmaple.org", now)

    scene.timeline.on(known_on, begins, turn=2)
    scene.timeline.on(scene.yesterday, lambda now: ask("haruka.hayashi@example.org", now), turn=2)
