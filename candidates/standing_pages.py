"""What candidates read about their standing: sanctions, who may be tested, and the channel partner they work for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.http import Http404

from candidates import queries, rules
from candidates.guardian_pages import AskingPage, asking_page
from candidates.models import Affiliation, Candidate, ChannelPartner, ResidenceProof, Sanction, Track
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.policy import BOOK


@dataclass(frozen=True, slots=True)
class SanctionPage:
    """One sanction as the candidate reads it."""

    sanction: Sanction
    barred_on: date
    why: Explanation
    appealable: bool  # the form is offered: nothing but the words is missing


def _told(candidate: Candidate) -> QuerySet[Sanction]:
    """The sanctions that a candidate was told of, the latest first: a proposal is nobody's to read."""
    return candidate.sanctions.exclude(status__in=[Sanction.Status.PROPOSED, Sanction.Status.DECLINED])


def sanction_page(candidate: Candidate, sanction_id: int, *, now: datetime) -> SanctionPage:
    """A sanction that the candidate was told of. Http404 for anybody else's, and for a proposal."""
    sanction = _told(candidate).filter(id=sanction_id).first()
    if sanction is None:
        raise Http404
    return _page_of(sanction, now=now)


def _page_of(sanction: Sanction, *, now: datetime) -> SanctionPage:
    assert sanction.decided_at is not None and sanction.appeal_until is not None
    facts = rules.AppealFacts(
        status=sanction.status,
        day=clock.day_of(now),
        until=sanction.appeal_until,
        appealed=sanction.appealed_at is not None,
        words_given=True,
    )
    return SanctionPage(
        sanction=sanction,
        barred_on=clock.day_of(sanction.decided_at),
        why=explain(Decision.from_json(sanction.decision or ())),
        appealable=rules.assess_appeal(facts).granted,
    )


@dataclass(frozen=True, slots=True)
class StandingPage:
    """All that bears on whether a candidate takes part."""

    sanctions: tuple[SanctionPage, ...]  # in force or lifted
    testing: Explanation  # of being tested today, at a place that is allowed
    guardian: AskingPage
    proof: ResidenceProof | None
    affiliation: Affiliation | None  # in force, or asked for
    former: tuple[Affiliation, ...]  # what ended, or came to nothing
    offers_partners: bool  # somebody with an expert certification, or a history with partners


def standing_page(candidate: Candidate, *, now: datetime) -> StandingPage:
    """A candidate's standing now."""
    day = clock.day_of(now)
    facts = queries.testing_facts(candidate.id, exam_on=day, held_in="")
    affiliations = list(candidate.affiliations.select_related("partner"))
    live = [each for each in affiliations if each.status in {Affiliation.Status.REQUESTED, Affiliation.Status.IN_FORCE}]
    expert = candidate.certifications.filter(track__level=Track.Level.EXPERT).exists()
    return StandingPage(
        sanctions=tuple(_page_of(each, now=now) for each in _told(candidate)),
        testing=explain(rules.assess_testing(facts, BOOK.on(day))),
        guardian=asking_page(candidate, now=now),
        proof=candidate.residence_proofs.filter(lapsed_at__isnull=True).first(),
        affiliation=live[0] if live else None,
        former=tuple(each for each in affiliations if each not in live),
        offers_partners=expert or bool(affiliations),
    )


def partner_choices() -> list[tuple[str, str]]:
    """The channel partners that can be chosen."""
    return [("", ""), *ChannelPartner.objects.values_list("code", "name")]
