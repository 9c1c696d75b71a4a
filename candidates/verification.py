"""What anyone may learn of a certification: name, track, number, status and dates, and nothing else (CERT-09).

It is asked for by number together with the holder's name, or by a link the holder made. Who asks by number learns
nothing from a wrong name that a number which does not exist would not tell, neither by words nor by time: both take
the same questions to the database and the same work after them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from candidates import queries
from candidates.models import Certification, VerificationLink
from candidates.models.sharing import TOKEN_LENGTH
from candidates.queries import Held
from candidates.rules import WITH_LOGO, link_shows
from ceportal.kernel import clock

NOBODY = "Maria Magdalena Mustermann"  # what a name is compared with where the number is nobody's
MARKS = str.maketrans("‘’ʼ`´‐‑‒–—", "'''''-----")  # noqa: RUF001 - keyboards differ, names do not
ACCENTS = re.compile("[\u0300-\u036f]")  # of letters with marks; those of kana are letters of their own
TOKEN = re.compile(rf"[\w-]{{{TOKEN_LENGTH}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """All that is told of a certification as it stands on a day."""

    name: str
    track: str
    track_code: str
    number: str
    status: str
    first_certified_on: date
    active_ends_on: date | None  # a term bought ahead included; None: for life
    inactive_on: date | None
    emeritus_until: date | None  # the end of the running Emeritus term
    revoked_on: date | None

    @property
    def status_label(self) -> str:
        return str(Certification.Status(self.status).label)

    @property
    def dates(self) -> tuple[tuple[str, date | None], ...]:
        """The dates that matter for its status, each with its name; a day that is None never comes."""
        ends = {
            "active": (_("Active until"), self.active_ends_on),
            "suspended": (_("Inactive from"), self.inactive_on),
            "grace": (_("Inactive from"), self.inactive_on),
            "emeritus": (_("Emeritus until"), self.emeritus_until),
            "inactive": (_("Expired on"), self.inactive_on),
            "revoked": (_("Revoked on"), self.revoked_on),
        }
        last = (ends[self.status],) if self.status in ends else ()
        return ((_("First certified"), self.first_certified_on), *last)

    @property
    def meaning(self) -> str:
        """What the status means for whoever asks, in a sentence."""
        return {
            "active": _("In force."),
            "suspended": _("Not active: its active period has ended. It can still be renewed."),
            "grace": _("Not active: its active status has ended, and what follows is not settled yet."),
            "emeritus": _("Not an active status: it counts toward no partner requirement."),
            "lifetime_emeritus": _("For life. Not an active status: it counts toward no partner requirement."),
            "inactive": _("Not in force: it has expired."),
            "revoked": _("Not in force: it was revoked."),
        }[self.status]

    @property
    def clause(self) -> str:
        """The clause behind that sentence."""
        return {"emeritus": "EMR-15", "lifetime_emeritus": "EMR-15", "grace": "EMR-05", "revoked": "CERT-10"}.get(
            self.status, "CERT-01"
        )

    @property
    def has_badge(self) -> bool:
        """Whether its status has a badge of its own (EMR-14)."""
        return self.status in WITH_LOGO

    @property
    def counts(self) -> bool:
        """Whether it is active, and so counts where certified people are counted; Emeritus does not (EMR-15)."""
        return self.status == Certification.Status.ACTIVE


@dataclass(frozen=True, slots=True)
class Shown:
    """What a link shows."""

    answers: tuple[Answer, ...]
    last_on: date | None


def by_number(*, number: str, name: str, day: date) -> Answer | None:
    """The certification of this number, held under this name; None where there is no such pair (CERT-09)."""
    held = held_under(number=number, name=name)
    return answer_for(held, day) if held else None


def held_under(*, number: str, name: str) -> Held | None:
    """As `by_number`, with its life."""
    asked = _fingerprint(name)
    return queries.held_under(
        plain(number).upper(), by_holder=lambda named: hmac.compare_digest(_fingerprint(named or NOBODY), asked)
    )


def answer_for(held: Held, day: date) -> Answer | None:
    """What is told of a certification, read with its candidate; None before it was earned."""
    status = held.status_on(day)
    if status is None:
        return None
    certification, standing = held.certification, held.standing_on(day)
    return Answer(
        name=certification.candidate.name,
        track=certification.track.name,
        track_code=certification.track.code,
        number=certification.number,
        status=status,
        first_certified_on=certification.first_certified_on,
        active_ends_on=standing.active_ends_on,
        inactive_on=standing.inactive_on,
        emeritus_until=standing.emeritus_until,
        revoked_on=held.life.revoked_on if status == Certification.Status.REVOKED else None,
    )


def by_token(*, token: str, day: date) -> Shown | None:
    """What a link shows on a day; None for one that was withdrawn, has run out or never was (CERT-09)."""
    link = _working_link(token, day)
    if link is None:
        return None
    held = queries.held_in(link.certifications.select_related("candidate"))
    return Shown(tuple(each for each in (answer_for(one, day) for one in held) if each is not None), link.last_on)


def certifications_by_token(*, token: str, day: date) -> QuerySet[Certification]:
    """The certifications that a link shows on a day; none for one that shows nothing."""
    link = _working_link(token, day)
    return link.certifications.all() if link else Certification.objects.none()


def by_tokens(*, tokens: Collection[str], day: date, as_of: date) -> dict[int, Answer]:
    """What these links, which show something today, tell of a day since they were made; by the certification's id.

    A link that was withdrawn, has run out or never was tells nothing of any day, and asks the database the same.
    """
    links = VerificationLink.objects.filter(token__in=tokens, candidate__erased_at__isnull=True)
    showing = [
        link.pk
        for link in links
        if link_shows(last_on=link.last_on, withdrawn=link.withdrawn_at is not None, day=day)
        and clock.day_of(link.created_at) <= as_of
    ]
    # Never an empty list, for which Django would leave the question out.
    chosen = VerificationLink.certifications.through.objects.filter(verificationlink_id__in=showing or [0])
    certifications = Certification.objects.filter(id__in=chosen.values("certification_id"))
    held = queries.held_in(certifications.select_related("candidate"))
    answers = ((each.certification.pk, answer_for(each, as_of)) for each in held)
    return {pk: answer for pk, answer in answers if answer is not None}


def _working_link(token: str, day: date) -> VerificationLink | None:
    link = VerificationLink.objects.filter(token=token).first() if TOKEN.fullmatch(token) else None
    works = link is not None and link_shows(last_on=link.last_on, withdrawn=link.withdrawn_at is not None, day=day)
    return link if works else None


def address_of(answer: Answer) -> str:
    """Where the page answers for this certification again: what the codes on papers lead to."""
    return address_for(number=answer.number, name=answer.name)


def address_for(*, number: str, name: str) -> str:
    """The address at which a certification is verified by the number and name on a paper."""
    return f"{settings.BASE_URL}{reverse('verify')}?{urlencode({'number': number, 'name': name})}"


def plain(text: str) -> str:
    """What was typed without what does not matter: width of letters, spaces at the ends and doubled ones."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _fingerprint(name: str) -> bytes:
    """A name as it is compared: neither capitals nor accents matter; of one length, whatever the name's is."""
    letters = ACCENTS.sub("", unicodedata.normalize("NFKD", plain(name.translate(MARKS)))).casefold()
    return hashlib.sha256(unicodedata.normalize("NFC", letters).encode()).digest()
