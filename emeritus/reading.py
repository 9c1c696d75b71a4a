"""What the page of Emeritus shows: years with their proof, the window, what it costs today and later, what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from candidates import queries as candidates_queries
from candidates.agreement_pages import bound_of
from candidates.models import Candidate, Certification, Term
from candidates.queries import Held
from candidates.rules import ENDED, BarFacts, date_term, status_on
from ceportal.kernel import clock, money
from ceportal.kernel.explain import Explanation, ReadableFinding, explain
from ceportal.kernel.policy import BOOK, Policy
from ceportal.kernel.wording import days_text
from emeritus import queries, rules
from emeritus.models import EmeritusPurchase
from emeritus.rules import Position
from payments import rules as payments_rules
from payments.rules import PricedLine

ONE_DAY = timedelta(days=1)
LIFETIME = Certification.Status.LIFETIME_EMERITUS.value


@dataclass(frozen=True, slots=True)
class TrackLine:
    """A certification of the family as it stands."""

    certification: Certification
    status: str
    status_label: str
    ends_on: date | None  # the next day on which it loses its status; None: never, or it has ended
    ends_in: str


@dataclass(frozen=True, slots=True)
class ProofLine:
    """A piece of the years that are counted: a certification was held from one day to another."""

    track: str
    starts_on: date
    ends_on: date | None
    because: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What a term costs on a day, each fee with its tax."""

    lines: tuple[PricedLine, ...]

    @property
    def net_cents(self) -> int:
        return sum(line.net_cents for line in self.lines)

    @property
    def tax_cents(self) -> int:
        return sum(line.tax_cents for line in self.lines)

    @property
    def total_cents(self) -> int:
        return sum(line.total_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class FamilyView:
    """One family on the page. `state`: far, open, covered, grace, coming, emeritus, lifetime, barred or ended."""

    family: str
    name: str
    state: str
    tracks: tuple[TrackLine, ...]
    position: Position
    needed: int
    proof: tuple[ProofLine, ...]
    decision: Explanation
    can_buy: bool
    today: Quote | None
    later: Quote | None  # after the anniversary; None where that is past
    tax: Explanation | None
    emeritus_until: date | None
    bought: EmeritusPurchase | None  # the term that follows, or has begun
    opens_in: str
    closes_in: str
    logo: Certification | None  # whose logo can be had: that of Lifetime, else that of Emeritus (EMR-14)
    goes_with: str  # the name of the other family, where one term covers both (EMR-07)


@dataclass(frozen=True, slots=True)
class EmeritusPage:
    """The whole page."""

    families: tuple[FamilyView, ...]
    purchases: tuple[EmeritusPurchase, ...]  # paid, the latest first
    needed: int
    lifetime: int | None  # years; None where the book knows no Lifetime yet
    bound: ReadableFinding | None  # by the agreement in force, in Emeritus too (EMR-17)


@dataclass(frozen=True, slots=True)
class _Holder:
    """What is known of a candidate, read once."""

    country: str  # whose tax is charged (PAY-01)
    held: tuple[Held, ...]
    purchases: tuple[EmeritusPurchase, ...]
    bar: BarFacts | None
    day: date


def emeritus_page(candidate: Candidate, *, now: datetime) -> EmeritusPage:
    """Where a candidate stands with Emeritus now."""
    day = clock.day_of(now)
    policy = BOOK.on(day)
    bought = EmeritusPurchase.objects.filter(candidate=candidate, bought_on__isnull=False)
    holder = _Holder(
        country=candidate.billing_country or candidate.country,
        held=tuple(queries.in_question(candidates_queries.held_by(candidate.id))),
        purchases=tuple(bought.select_related("order")),
        bar=candidates_queries.bar_on(candidate.id),
        day=day,
    )
    return EmeritusPage(
        families=tuple(_family_view(family, holder) for family in queries.families_held(holder.held)),
        purchases=holder.purchases,
        needed=policy["emeritus.years"].value,
        lifetime=policy["emeritus.lifetime_years"].value,
        bound=bound_of(candidate, statuses=[each.status_on(day) for each in holder.held], day=day),
    )


def _family_view(family: str, holder: _Holder) -> FamilyView:
    # The book of the payment day governs: today, for someone who asks today.
    day, country, policy = holder.day, holder.country, BOOK.on(holder.day)
    position = queries.position(holder.held, family, day)
    decision = rules.assess_purchase(position, policy, bar=holder.bar, confirmed=True)
    mine = [each for each in holder.held if each.life.family == family]
    tracks = tuple(_track_line(each, day) for each in mine)
    until = [each.standing_on(day).emeritus_until for each in mine]
    window = position.window
    priced = window is not None and decision.granted
    bought = next((each for each in holder.purchases if each.ends_on > day and each.covers in {family, "both"}), None)
    state = _state(tracks, position, granted=decision.granted, bought=bought is not None, barred=holder.bar is not None)
    return FamilyView(
        family=family,
        name=family.upper(),
        state=state,
        tracks=tracks,
        position=position,
        needed=policy["emeritus.years"].value,
        proof=_proof(mine, position, day) if position.alive else (),
        decision=explain(decision),
        can_buy=decision.granted,
        today=_quote(position, policy, country, paid_on=day) if priced else None,
        later=_quote(position, policy, country, paid_on=window.closes_on)
        if window and priced and not position.late
        else None,
        tax=explain(payments_rules.explain_tax(country, policy)) if priced else None,
        emeritus_until=max((each for each in until if each), default=None),
        bought=bought,
        opens_in=days_text(position.opens_next.opens_on, day) if position.opens_next else "",
        closes_in=days_text(window.closes_on, day) if window else "",
        logo=_logo(tracks),
        goes_with=next((each.upper() for each in position.covers if each != family), ""),
    )


def _track_line(held: Held, day: date) -> TrackLine:
    standing = held.standing_on(day)
    ends_on = {"active": standing.active_ends_on, "emeritus": standing.emeritus_until}.get(
        standing.status, standing.inactive_on
    )
    if standing.status in {*ENDED, LIFETIME}:
        ends_on = None
    return TrackLine(
        certification=held.certification,
        status=standing.status,
        status_label=str(Certification.Status(standing.status).label),
        ends_on=ends_on,
        ends_in=days_text(ends_on, day) if ends_on else "",
    )


def _state(tracks: Sequence[TrackLine], position: Position, *, granted: bool, bought: bool, barred: bool) -> str:
    """The one word that decides what stands first."""
    statuses = {each.status for each in tracks}
    if not position.alive:
        return "ended"
    found = [
        ("lifetime", LIFETIME in statuses or position.lifetime),
        ("barred", barred),
        ("grace", "grace" in statuses),
        ("open", granted),
        ("emeritus", "emeritus" in statuses),
        ("coming", bought),
        ("covered", position.window is not None and position.years_suffice),
    ]
    return next((word for word, holds in found if holds), "far")


def _logo(tracks: Sequence[TrackLine]) -> Certification | None:
    """Whose logo can be had: that of Lifetime replaces that of Emeritus (EMR-14)."""
    by_status = {each.status: each.certification for each in tracks}
    return by_status.get(LIFETIME) or by_status.get("emeritus")


def _quote(position: Position, policy: Policy, country: str, *, paid_on: date) -> Quote | None:
    if position.window is None:
        return None
    fees = rules.fees_of(position.window, policy, paid_on=paid_on)
    return Quote(
        tuple(
            payments_rules.price_line(
                description=_(fee.description),
                net_cents=money.cents(fee.amount),
                country=country,
                policy=policy,
                kind=fee.kind,
            )
            for fee in fees
        )
    )


# ── The proof of the years ────────────────────────────────────────────────────────────────────────
def _proof(mine: Sequence[Held], position: Position, day: date) -> tuple[ProofLine, ...]:
    """The terms that the counted years rest on, the oldest first (EMR-01)."""
    lines = [line for each in mine if status_on(BOOK, each.life, day) not in ENDED for line in _lines(each, day)]
    since = position.counted_from if len(position.covers) < 2 else None
    counted = [each for each in lines if since is None or each.ends_on is None or each.ends_on > since]
    return tuple(sorted(counted, key=lambda each: (each.starts_on, each.track)))


def _lines(held: Held, day: date) -> list[ProofLine]:
    track = held.certification.track.name
    terms = [each for each in held.certification.terms.all() if each.starts_on <= day]  # prefetched
    first = held.life.first_certified_on
    lines = []
    if terms and terms[0].starts_on > first:
        records = _("unbroken by the certification records")
        lines.append(ProofLine(track, first, terms[0].starts_on, records))
    for term, following in zip(terms, [*terms[1:], None], strict=True):
        ends_on = term.ends_on or _active_until(held, term, day)
        if following is not None and (ends_on is None or following.starts_on < ends_on):
            ends_on = following.starts_on
        because = f"{term.get_kind_display()}, {term.get_reason_display()}"
        lines.append(ProofLine(track, term.starts_on, ends_on, because))
    return lines


def _active_until(held: Held, term: Term, day: date) -> date | None:
    dates = date_term(BOOK, level=held.life.level, starts_on=term.starts_on, day=day)
    return dates.active_ends_on if dates else None
