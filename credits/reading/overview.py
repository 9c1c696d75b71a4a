"""What a candidate's home shows: where one stands, what is due next and when, what can be done now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

import emeritus.queries
from candidates import queries as candidates_queries
from candidates.models import Acceptance, Agreement, Candidate, Notice, Term
from candidates.queries import Held
from candidates.rules import BarFacts, bars, bought_ahead, rank
from ceportal.kernel import clock
from ceportal.kernel.wording import days_text
from credits import queries
from credits.models import Claim, Cycle, Enrollment
from credits.reading import claim_reading
from credits.reading.guidance import NextStep, Progress, Step, Terms, WaitingClaim, barred_step, next_step, stations
from credits.reading.standing import (
    NEAREST,
    StandingCard,
    highest_renewable,
    path_view,
    progress_of,
    standing_card,
)
from credits.reading.wording import credits_text
from credits.rules import renewal
from exams.booking_reading import dates_to_come

RENEWED_SHOWN_DAYS = 30  # how long the home congratulates
SOON = timedelta(days=21)  # what is urgent stands out when it is as near as this
URGENT = frozenset({"pay", "offer", "reread", "reread_pay"})  # of the dates of labs


@dataclass(frozen=True, slots=True)
class NextDate:
    """A day to come, and what happens on it."""

    day: date
    away: str
    label: str
    url: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole home."""

    cards: tuple[StandingCard, ...]
    terms: Terms
    progress: Progress | None
    dates: tuple[NextDate, ...]
    waiting: tuple[WaitingClaim, ...]
    steps: tuple[Step, ...]
    step: NextStep
    renewed: Term | None
    bounced: Notice | None
    bar: BarFacts | None  # the sanction that runs (CAND-02)
    zone: str  # the programme's time zone where it is not the candidate's own; else empty


def overview(candidate: Candidate, *, now: datetime) -> Overview:
    """Everything the home shows, in ten queries."""
    day = clock.day_of(now)
    held = candidates_queries.held_by(candidate.id)
    cycles = queries.cycles_of(candidate.id)
    facts = queries.renewal_facts(held, cycles, candidate.id)
    terms = _terms(candidate, day)
    open_claims = list(claim_reading.unsettled(candidate))
    waiting = _waiting(open_claims, day)
    cards = tuple(standing_card(each, day) for each in sorted(held, key=_highest_first))
    top = highest_renewable(held, day)
    cycle = queries.cycle_held(cycles, held, day)
    progress = _progress(top, facts, open_claims, cycle, day) if top else None
    renewed = _renewed_lately(held, now)
    ahead = top is not None and bought_ahead(top.life, day)
    bar = candidates_queries.bar_on(candidate.id)
    return Overview(
        cards=cards,
        terms=terms,
        progress=progress,
        dates=_dates(
            [
                *_lab_dates(candidate, now),
                *_emeritus_dates(held, day),
                *_due_dates(cards, facts.grants, waiting, day),
            ],
            day,
        ),
        waiting=waiting,
        steps=stations(terms, progress, ahead=ahead) if top else (),
        step=barred_step() if bars(bar, for_exams=False) else next_step(cards, terms, progress, waiting, ahead=ahead),
        renewed=renewed,
        bounced=candidates_queries.address_trouble(candidate),
        bar=bar,
        zone="" if candidate.time_zone == settings.PROGRAMME_TIME_ZONE else settings.PROGRAMME_TIME_ZONE,
    )


def _highest_first(held: Held) -> tuple[int, str]:
    return -rank(held.life.level), held.certification.track.name


def _terms(candidate: Candidate, day: date) -> Terms:
    accepted = Acceptance.objects.filter(candidate=candidate, agreement=OuterRef("pk"))
    in_force = (
        candidates_queries.in_force_on(day)
        .filter(kind=Agreement.Kind.TERMS)
        .annotate(accepted=Exists(accepted))
        .values_list("accepted", flat=True)
        .first()
    )
    enrollment = Enrollment.objects.filter(candidate=candidate).values_list("enrolled_on", flat=True).first()
    return Terms(enrolled_on=enrollment, current=bool(in_force))


def _progress(
    top: Held, facts: renewal.RenewalFacts, open_claims: Sequence[Claim], cycle: Cycle | None, day: date
) -> Progress:
    paths = progress_of(top, facts, day)
    nearest = renewal.nearest_by_credits([each for each in paths if each.credits_needed])
    earned = sum(grant.amount for grant in facts.grants if grant.valid_on(day))
    pending = sum(each.credits or 0 for each in open_claims if each.status == Claim.Status.SUBMITTED)
    views = tuple(path_view(each, top.life.level, day) for each in paths)
    target = nearest.credits_needed if nearest else 0
    return Progress(
        certification=top.certification.track.name,
        since=cycle.started_on if cycle else None,
        earned=earned,
        pending=pending,
        target=target,
        missing=max(0, target - earned - pending),
        paths=views[:NEAREST],
        more_paths=views[NEAREST:],
    )


def _waiting(open_claims: Sequence[Claim], day: date) -> tuple[WaitingClaim, ...]:
    order = (*claim_reading.OPEN, Claim.Status.APPROVED, Claim.Status.REJECTED)  # the latter under audit or appeal
    ranked = sorted(open_claims, key=lambda each: (order.index(Claim.Status(each.status)), each.answer_due_on or day))
    return tuple(
        WaitingClaim(
            claim=each,
            url=claim_reading.page_of(each),
            overdue=each.is_overdue(day),
            asked=each.asked_for_more,  # type: ignore[attr-defined]  # by claim_reading.with_disputes
            note=claim_reading.note_of(each),
        )
        for each in ranked
    )


def _renewed_lately(held: Sequence[Held], now: datetime) -> Term | None:
    since = now - timedelta(days=RENEWED_SHOWN_DAYS)
    terms = [
        term
        for each in held
        for term in each.certification.terms.all()  # prefetched
        if term.reason == Term.Reason.RENEWED and term.created_at >= since
    ]
    return max(terms, key=lambda term: term.created_at, default=None)


def _dates(found: Sequence[_Due], day: date) -> tuple[NextDate, ...]:
    """What comes, the nearest first; what is past is told elsewhere."""
    return tuple(
        NextDate(each.day, days_text(each.day, day), each.label, each.url, each.urgent and each.day - day <= SOON)
        for each in sorted(found, key=lambda each: each.day)
        if each.day >= day
    )


@dataclass(frozen=True, slots=True)
class _Due:
    """A day on which something happens, before it is told how far away it is."""

    day: date
    label: str
    url: str
    urgent: bool = False


def _due_dates(
    cards: Sequence[StandingCard], grants: Sequence[renewal.GrantFacts], waiting: Sequence[WaitingClaim], day: date
) -> Iterator[_Due]:
    yield from _certification_dates(cards)
    yield from _expiry_dates(grants, day)
    yield from _claim_dates(waiting)


def _lab_dates(candidate: Candidate, now: datetime) -> Iterator[_Due]:
    """Of lab bookings, by the clocks of their sites."""
    labels = {
        "pay": _("Last day to pay: %(exam)s in %(site)s"),
        "free": _("Last day of free changes: %(exam)s in %(site)s"),
        "exam": _("%(exam)s in %(site)s"),
        "offer": _("A seat is kept for you: %(exam)s in %(site)s"),
        "reread": _("Last day to ask for a re-read: %(exam)s in %(site)s"),
        "reread_pay": _("Last day to pay for the re-read: %(exam)s in %(site)s"),
    }
    for each in dates_to_come(candidate, now=now):
        names = {"exam": each.booking.exam.name, "site": each.booking.seat.sitting.site.name}
        url = reverse("exams:booking", args=[each.booking.pk])
        yield _Due(each.day, labels[each.kind] % names, url, urgent=each.kind in URGENT)


def _certification_dates(cards: Sequence[StandingCard]) -> Iterator[_Due]:
    for card in cards:
        name = {"track": card.certification.track.name}
        url = reverse("candidates:certification", args=[card.certification.number])
        if card.next_term:
            yield _Due(card.next_term.starts_on, _("The next term of %(track)s begins") % name, url)
        if card.status == "active" and card.ends_on:
            labels = {
                "suspended": _("%(track)s is suspended"),
                "grace": _("%(track)s lapses; Emeritus can be bought then"),
                "emeritus": _("%(track)s goes into Emeritus"),
                "lifetime_emeritus": _("%(track)s becomes Lifetime Emeritus"),
            }
            yield _Due(card.ends_on, labels.get(card.then, _("%(track)s lapses")) % name, url)
        if card.status == "emeritus" and card.ends_on and card.ends_on != card.inactive_on:
            yield _Due(card.ends_on, _("The Emeritus term of %(track)s ends") % name, reverse("emeritus:page"))
        if card.inactive_on and card.ends_on and (card.status != "active" or card.then in {"suspended", "grace"}):
            label = _("%(track)s becomes inactive")
            yield _Due(card.inactive_on, label % name, url, urgent=card.status in {"suspended", "grace"})


def _emeritus_dates(held: Sequence[Held], day: date) -> Iterator[_Due]:
    """The window in which Emeritus can be bought, where its term would give something (EMR-02, EMR-04)."""
    for family in emeritus.queries.families_held(held):
        position = emeritus.queries.position(held, family, day)
        name = {"family": family.upper()}
        if position.window and position.wanted and position.years_suffice and not position.lifetime:
            label = _("Last day to buy Emeritus of the %(family)s")
            yield _Due(position.window.closes_on, label % name, reverse("emeritus:page"), urgent=True)
        elif position.opens_next and position.next_wanted and not position.lifetime:
            label = _("Emeritus of the %(family)s can be bought")
            yield _Due(position.opens_next.opens_on, label % name, reverse("emeritus:page"))


def _expiry_dates(grants: Sequence[renewal.GrantFacts], day: date) -> Iterator[_Due]:
    expiring: dict[date, int] = {}
    for grant in grants:
        if grant.valid_on(day):
            expiring[grant.expires_on] = expiring.get(grant.expires_on, 0) + grant.amount
    for expires_on, amount in expiring.items():
        yield _Due(expires_on, _("%(credits)s expire") % {"credits": credits_text(amount)}, reverse("credits:ledger"))


def _claim_dates(waiting: Sequence[WaitingClaim]) -> Iterator[_Due]:
    for each in waiting:
        last_day = claim_reading.last_day_to_file(each.claim)
        if each.claim.status == Claim.Status.SUBMITTED and each.claim.provider and each.claim.answer_due_on:
            label = _("Answer promised by %(provider)s") % {"provider": each.claim.provider.name}
            yield _Due(each.claim.answer_due_on, label, each.url)
        elif last_day is not None:
            label = _("Last day to hand in claim %(number)s") % {"number": each.claim.number}
            yield _Due(last_day, label, each.url, urgent=True)
