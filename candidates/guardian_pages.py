"""What is shown about a parent's or guardian's signature: to the minor who asks, and to whoever opens the link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from candidates import guardians, queries, rules
from candidates.agreement_pages import LanguageChoice, languages_of
from candidates.models import Agreement, Candidate, GuardianConsent, GuardianRequest, Words
from candidates.rules import LinkState
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK

SHOWN = 10  # of the links that were sent, the latest


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A link that was sent, and where it stands."""

    request: GuardianRequest
    state: LinkState


@dataclass(frozen=True, slots=True)
class AskingPage:
    """Who was asked to sign for a minor, and who signed."""

    minor: bool
    years: int  # of age
    consent: GuardianConsent | None
    links: tuple[LinkLine, ...]

    @property
    def waits(self) -> LinkLine | None:
        """The link that waits to be signed."""
        return next((line for line in self.links if line.state == LinkState.WAITS), None)


def asking_page(candidate: Candidate, *, now: datetime) -> AskingPage:
    """A candidate's guardians; two questions."""
    day = clock.day_of(now)
    # The book of the day asked governs what a minor is.
    policy = BOOK.on(day)
    links = candidate.guardian_requests.select_related("consent")[:SHOWN]
    return AskingPage(
        minor=not rules.is_of_age(candidate.born, day, policy),
        years=policy["age.adult"].value,
        consent=candidate.guardian_consents.filter(withdrawn_at__isnull=True).first(),
        links=tuple(LinkLine(each, rules.state_of(guardians.times_of(each), now=now)) for each in links),
    )


@dataclass(frozen=True, slots=True)
class GuardianPage:
    """What a parent or guardian sees of a link."""

    request: GuardianRequest
    state: LinkState
    minor: bool
    years: int
    agreement: Agreement | None
    words: Words | None
    languages: tuple[LanguageChoice, ...]

    @property
    def signable(self) -> bool:
        return self.minor and self.state == LinkState.WAITS


def guardian_page(asked: GuardianRequest, *, language: str, now: datetime) -> GuardianPage:
    """A link as it stands, with the agreement in force: signed, with the one that was read."""
    day = clock.day_of(now)
    policy = BOOK.on(day)  # the book of the day asked governs what a minor is
    agreement = asked.agreement or queries.current_agreement(Agreement.Kind.AGREEMENT, day)
    words = agreement.words_in(language) if agreement else None
    return GuardianPage(
        request=asked,
        state=rules.state_of(guardians.times_of(asked), now=now),
        minor=not rules.is_of_age(asked.candidate.born, day, policy),
        years=policy["age.adult"].value,
        agreement=agreement,
        words=words,
        languages=languages_of(agreement, words) if agreement and words else (),
    )


def path_of(token: str) -> str:
    """The path of a link."""
    return reverse("guardian", args=[token])
