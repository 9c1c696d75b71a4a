"""Whether, when and at what price Emeritus can be bought (EMR-01 to EMR-05, EMR-07 to EMR-09, EMR-11).

A *family* is CCIE, with all its tracks, or CCDE. A *term* is a year from an anniversary; it can be bought while its
*window* is open, by a holder whom it would give something. What becomes of the status is decided with the life of the
certification (candidates.rules.courses).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from candidates.rules import (
    EMERITUS_FAMILIES,
    BarFacts,
    LifeFacts,
    Window,
    assess_bar,
    becomes_lifetime,
    counted_from,
    dated_status_on,
    goes_with_the_other,
    inactive_days,
    lasts_until,
    next_window,
    open_windows,
    window_of,
)
from ceportal.kernel.calendar import years_since
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Book, Policy

ONE_DAY = timedelta(days=1)
GONE = frozenset({"inactive", None})


@dataclass(frozen=True, slots=True)
class Position:
    """Where the holder of a family stands with Emeritus on a day."""

    family: str
    day: date
    covers: tuple[str, ...] = ()  # the families of the term, the one whose anniversary counts first (EMR-07)
    held: bool = False
    alive: bool = False  # at least one of its tracks has not become inactive
    ended_on: date | None = None  # the day on which the last of its tracks became inactive
    lifetime: bool = False  # it is Lifetime, or will be without anything being done
    counted_from: date | None = None
    years: int = 0  # unbroken and complete on the day, or on the day they ended
    window: Window | None = None  # open on the day; of several the first whose term would give something
    wanted: bool = False  # the term of that window would give something
    bought: bool = False  # it has been bought
    own_window: Window | None = None  # open by the family's own anniversary, where the other family's counts (EMR-07)
    opens_next: Window | None = None
    next_wanted: bool = False  # as things stand the term of the next window would give something
    missed: Window | None = None  # the last one, where its term would have given something
    years_suffice: bool = False  # on the anniversary of the window, or on the day where none is open
    younger: str = ""  # the other family, where it is held and has not the years (EMR-09)
    younger_years: int = 0

    @property
    def late(self) -> bool:
        """Whether it is paid after the anniversary (EMR-04)."""
        return self.window is not None and self.day > self.window.anniversary_on


@dataclass(frozen=True, slots=True)
class Fee:
    """Something that a term costs, before tax, in the currency's whole units: an OrderLine.Kind and the amount."""

    kind: str
    description: str
    amount: int


def position_of(book: Book, lives: Iterable[LifeFacts], family: str, day: date) -> Position:
    """Where a holder stands with Emeritus of a family on a day, by the dates alone; the lives of one holder, linked."""
    by_family = {each: tuple(life for life in lives if life.family == each) for each in EMERITUS_FAMILIES}
    tracks = by_family[family]
    alive = _alive(book, tracks, day)
    if not alive:
        return _gone(book, tracks, family, day)
    policy = book.on(day)
    own = _counted_from(book, alive, day)
    other = next(each for each in EMERITUS_FAMILIES if each != family)
    others = _alive(book, by_family[other], day)
    together = any(goes_with_the_other(book, each, day) for each in alive)
    covers: tuple[str, ...] = (family,)
    from_day, covered = own, alive
    if together and others:
        theirs = _counted_from(book, others, day)
        from_day = max(own, theirs)
        covers = (family, other) if own >= theirs else (other, family)
        covered = (*alive, *others)
    window, wanted = _window_on(book, covered, from_day, day)
    upcoming = next_window(policy, from_day, day)
    tracks_bought = [term for each in covered for term in each.bought]
    found = Position(
        family=family,
        day=day,
        covers=covers,
        held=True,
        alive=True,
        lifetime=all(becomes_lifetime(book, each, day) for each in alive),
        counted_from=from_day,
        years=years_since(from_day, day),
        years_suffice=(window.years if window else years_since(from_day, day)) >= policy["emeritus.years"].value,
        window=window,
        wanted=wanted,
        bought=window is not None and any(window.anniversary_on == term.starts_on for term in tracks_bought),
        own_window=next(iter(open_windows(policy, own, day)), None) if from_day != own else None,
        opens_next=upcoming,
        next_wanted=_gives(book, covered, upcoming.term_ends_on, day),
        missed=None if window else _missed(book, covered, from_day, day),
    )
    return found if together else _beside_a_younger(book, found, other, others)


def _alive(book: Book, lives: tuple[LifeFacts, ...], day: date) -> tuple[LifeFacts, ...]:
    return tuple(each for each in lives if dated_status_on(book, each, day) not in GONE)


def _counted_from(book: Book, alive: tuple[LifeFacts, ...], day: date) -> date:
    return min(counted_from(book, each, day, known_on=day) for each in alive)


def _gone(book: Book, tracks: tuple[LifeFacts, ...], family: str, day: date) -> Position:
    """The position of somebody who never held the family, or whose tracks have all become inactive (EMR-05)."""
    ends = [(ended_on, each) for each in tracks for ended_on in inactive_days(book, each, day)]
    if not ends:
        return Position(family, day, held=any(day >= each.first_certified_on for each in tracks))
    ended_on, last = max(ends, key=lambda each: each[0])
    from_day = counted_from(book, last, ended_on - ONE_DAY, known_on=ended_on - ONE_DAY)
    years = years_since(from_day, ended_on)
    return Position(family, day, held=True, ended_on=ended_on, counted_from=from_day, years=years)


def _gives(book: Book, covered: tuple[LifeFacts, ...], term_ends_on: date, day: date) -> bool:
    """Whether a term would give any of these something: what they have ends before it would (EMR-04, EMR-11)."""
    for each in covered:
        ends = lasts_until(book, each, day)
        if ends is not None and ends.starts_on < term_ends_on and not becomes_lifetime(book, each, day):
            return True
    return False


def _window_on(book: Book, covered: tuple[LifeFacts, ...], from_day: date, day: date) -> tuple[Window | None, bool]:
    found = open_windows(book.on(day), from_day, day)
    enough = book.on(day)["emeritus.years"].value
    for window in found:
        if window.years >= enough and _gives(book, covered, window.term_ends_on, day):
            return window, True
    first = next((each for each in found if each.years >= enough), None) or next(iter(found), None)
    return first, first is not None and _gives(book, covered, first.term_ends_on, day)


def _missed(book: Book, covered: tuple[LifeFacts, ...], from_day: date, day: date) -> Window | None:
    """The window that closed last, where what its term would have given can no longer be bought."""
    policy = book.on(day)
    last = window_of(policy, from_day, years_since(from_day, day))
    enough = last.years >= policy["emeritus.years"].value
    return last if enough and _gives(book, covered, last.term_ends_on, day) else None


def _beside_a_younger(book: Book, position: Position, other: str, others: tuple[LifeFacts, ...]) -> Position:
    """The same position, where the other family is held and has not the years yet (EMR-09)."""
    if not others:
        return position
    judged_on = position.window.anniversary_on if position.window else position.day
    theirs = _counted_from(book, others, position.day)
    years = years_since(theirs, judged_on)
    enough = book.on(position.day)["emeritus.years"].value
    young = years < enough <= (position.window.years if position.window else position.years)
    return replace(position, younger=other, younger_years=max(years, 0)) if young else position


# ── Whether it can be bought ──────────────────────────────────────────────────────────────────────
def assess_purchase(position: Position, policy: Policy, *, bar: BarFacts | None, confirmed: bool) -> Decision:
    """Whether a term can be bought, judged on the day of the position: that of the payment. Its book governs.

    `confirmed`: the holder was warned that recertifying may serve better, and confirms (EMR-09).
    """
    barred = assess_bar(bar, for_exams=False)
    if not position.held:
        return barred + Decision((_years(position, policy),))
    if not position.alive:
        return barred + Decision((_years(position, policy), _not_gone(position)))
    if position.lifetime:
        to_come = position.years < (policy["emeritus.lifetime_years"].value or 0)
        window = (_window(position, policy),) if to_come else ()  # before it comes, windows are as for everybody
        return barred + Decision((_lifetime(position), *window, _worth_it(position, policy)))
    return barred + Decision(
        (
            _years(position, policy),
            _not_gone(position),
            _window(position, policy),
            *_by_the_newer(position),
            _not_bought(position),
            _worth_it(position, policy),
            _advised(position, policy, confirmed=confirmed),
        )
    )


def _years(position: Position, policy: Policy) -> Finding:
    """Ten years, on the anniversary at which the bought term starts (EMR-01)."""
    needed = policy["emeritus.years"]
    years = position.window.years if position.window else position.years
    if not position.held:
        no = _("You hold no certification that can be in Emeritus under this name.")
    elif not position.alive:
        no = _("%(years)s unbroken years were complete when the status ended; Emeritus needs %(needed)s.")
    elif position.window:
        no = _("%(years)s years are complete on the anniversary; Emeritus needs %(needed)s.")
    else:
        no = _("%(years)s unbroken years are complete; Emeritus needs %(needed)s.")
    return finding(
        "EMR-01",
        position.held and years >= needed.value,
        yes=_("The years are there: %(years)s, unbroken since %(counted_from_on)s."),
        no=no,
        next_step=_("Years count while the status is never inactive; recertify to keep them."),
        because=(needed,),
        years=years,
        needed=needed.value,
        counted_from_on=position.counted_from,
    )


def _not_gone(position: Position) -> Finding:
    """Nobody who became inactive can buy, nor can a term be bought when its grace period is over (EMR-05)."""
    missed = position.missed
    return finding(
        "EMR-05",
        position.alive and missed is None,
        yes=_("The status has not become inactive."),
        no=_("The grace period after the anniversary ended on %(closed_on)s.")
        if position.alive
        else _("The certification became inactive on %(ended_on)s."),
        next_step=_("Recertify before the active status ends.")
        if position.alive
        else _("It is regained by meeting its requirements in full (CERT-04)."),
        closed_on=missed.closes_on if missed else None,
        ended_on=position.ended_on,
    )


def _lifetime(position: Position) -> Finding:
    return finding(
        "EMR-11",
        not position.lifetime,
        yes=_("Lifetime Emeritus has not come yet."),
        no=_("Lifetime Emeritus has come, or comes by itself: nothing more is due."),
        next_step=_("Nothing need be done."),
    )


def _window(position: Position, policy: Policy) -> Finding:
    months = policy["emeritus.window_months"]
    upcoming = position.opens_next
    return finding(
        "EMR-02",
        position.window is not None,
        yes=_("The window of the anniversary on %(anniversary_on)s is open."),
        no=_("No window is open; the next one opens on %(opens_on)s, for the anniversary on %(anniversary_on)s."),
        next_step=_("Come back then; you will be told by e-mail if a term is on offer."),
        because=(months,),
        anniversary_on=position.window.anniversary_on
        if position.window
        else upcoming.anniversary_on
        if upcoming
        else None,
        opens_on=upcoming.opens_on if upcoming else None,
    )


def _by_the_newer(position: Position) -> list[Finding]:
    """Once CCIE and CCDE are both in Emeritus the newer one's anniversary counts for both (EMR-07)."""
    if len(position.covers) < 2:
        return []
    return [
        finding(
            "EMR-07",
            position.window is not None or position.own_window is None,
            yes=_("CCIE and CCDE go on together: one term and one fee, by the anniversary of the %(newer)s."),
            no=_("CCIE and CCDE go on together, by the anniversary of the %(newer)s; this one's own counts no more."),
            newer=position.covers[0].upper(),
        )
    ]


def _not_bought(position: Position) -> Finding:
    return finding(
        "PAY-04",
        not position.bought,
        yes=_("This term has not been paid yet."),
        no=_("This term has been bought; money is never taken twice for the same thing."),
    )


def _worth_it(position: Position, policy: Policy) -> Finding:
    """A term is on offer to whom it would give something (EMR-04)."""
    window = position.window
    return finding(
        "EMR-04",
        window is not None and position.wanted,
        yes=_("The term from %(starts_on)s to %(ends_on)s is on offer until %(closes_on)s."),
        no=_("The term from %(starts_on)s to %(ends_on)s would give you nothing: what you have lasts longer.")
        if window
        else _("No term is on offer today: one is sold from the opening of its window to the end of its grace period."),
        next_step=_("Nothing is lost: what you have goes on."),
        because=(policy["emeritus.grace_days"],),
        starts_on=window.anniversary_on if window else None,
        ends_on=window.term_ends_on if window else None,
        closes_on=window.closes_on if window else None,
    )


def _advised(position: Position, policy: Policy, *, confirmed: bool) -> Finding:
    """With a younger certification beside it the advice is to recertify; it warns and does not forbid (EMR-09)."""
    return finding(
        "EMR-09",
        not position.younger or confirmed,
        yes=_("You were advised to recertify instead, and confirmed.")
        if position.younger
        else _("No younger certification stands beside it that recertifying would serve better."),
        no=_("%(younger)s has %(younger_years)s years: recertifying it would keep both active, Emeritus keeps one."),
        next_step=_("Confirm that you want Emeritus all the same."),
        because=(policy["emeritus.years"],) if position.younger else (),
        younger=position.younger.upper(),
        younger_years=position.younger_years,
    )


# ── What it costs ─────────────────────────────────────────────────────────────────────────────────
def fees_of(window: Window, policy: Policy, *, paid_on: date) -> tuple[Fee, ...]:
    """What a term costs on a day, before tax (EMR-03, EMR-04). The payment day's book governs."""
    fees = [Fee("emeritus_fee", _("Emeritus fee"), policy["emeritus.fee"].value)]
    if paid_on > window.anniversary_on:
        fees.append(Fee("late_fee", _("Late fee"), policy["emeritus.late_fee"].value))
    return tuple(fees)
