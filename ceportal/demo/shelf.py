"""The demonstration's catalog: providers with staff, trainings whose listings changed over the years, deliveries.

It is planned first and told by the timeline with everything else; the plan knows what could be completed on which day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from catalog.models import Authorisation, BoardReview, Item, Listing, Provider
from catalog.rules import SELF_PACED_KINDS, quarter_of
from catalog.services import authorise_provider, decide_listing, hold_review, schedule_delivery
from ceportal.demo import wares
from ceportal.demo.timeline import Timeline
from ceportal.kernel import clock
from ceportal.kernel.calendar import add_months
from ceportal.kernel.policy import BOOK

HOME_PROVIDERS = ("acme", "globex")  # those of the demonstration's reviewers


@dataclass(frozen=True, slots=True)
class Offer:
    """A training that earns credits, by a provider who may deliver it."""

    item_id: int
    provider_id: int
    title: str
    provider: str
    credits: int
    self_paced: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """Something that holds from a day up to, and not on, another; None: without end."""

    starts_on: date
    ends_on: date | None
    value: int = 0

    def holds_on(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


class Shelf:
    """Plans the catalog and answers what was on offer on a day."""

    def __init__(self, timeline: Timeline, chance: Random, *, today: date) -> None:
        self._timeline, self._chance, self._today = timeline, chance, today
        self._items: dict[int, Item] = {}
        self._listings: dict[int, list[Stretch]] = {}
        self._deliverers: dict[int, dict[int, Stretch]] = {}
        self._reviews: dict[date, int] = {}
        self.review_days: list[date] = []  # those since the first review, in order; once planned
        self.providers = _make_providers()

    def plan(self, trainings: wares.Trainings = wares.TRAININGS) -> None:
        """Take in what is there and put the demonstration's own trainings on the timeline."""
        self._read_first_catalog()
        self.review_days = days = self._hold_reviews()
        for technology, taught in trainings.items():
            for title, kind, hours in taught:
                item = _make_item(title, kind, hours, technology)
                self._items[item.id] = item
                self._list(item, days)
                self._authorise(item)
        self._schedule_deliveries()

    def offers_on(self, day: date, *, provider: str = "") -> list[Offer]:
        """What could be completed on a day and earns credits, in a fixed order."""
        return [
            Offer(
                item_id=item.id,
                provider_id=provider_id,
                title=item.title,
                provider=self.providers[provider_id].name,
                credits=listing.value,
                self_paced=item.kind in SELF_PACED_KINDS,
            )
            for item in self._items.values()
            for listing in self._listings[item.id]
            if listing.value and listing.holds_on(day)
            for provider_id, authorised in self._deliverers[item.id].items()
            if authorised.holds_on(day) and provider in {"", self.providers[provider_id].code}
        ]

    def code_of(self, item_id: int) -> str:
        """An item's code."""
        return self._items[item_id].code

    def _read_first_catalog(self) -> None:
        for item in Item.objects.order_by("id"):
            self._items[item.id] = item
            self._listings[item.id] = []
            self._deliverers[item.id] = {}
        for listing in Listing.objects.order_by("id"):
            self._listings[listing.item_id].append(Stretch(listing.starts_on, listing.ends_on, listing.credits))
        for one in Authorisation.objects.order_by("id"):
            self._deliverers[one.item_id][one.provider_id] = Stretch(one.starts_on, one.ends_on)

    def _hold_reviews(self) -> list[date]:
        """A review in the second month of every quarter since the first one."""
        first = BoardReview.objects.order_by("held_on").values_list("held_on", flat=True)[0]
        days, month = [], first.replace(month=first.month - (first.month - 1) % 3, day=1)
        while (month := add_months(month, 3)) < self._today:
            held_on = add_months(month, 1) + timedelta(days=self._chance.randrange(20))
            if held_on < self._today:
                days.append(held_on)
                self._timeline.on(held_on, self._holder(held_on))
        return days

    def _holder(self, held_on: date) -> Any:
        def hold(now: datetime) -> None:
            self._reviews[held_on] = hold_review(quarter=quarter_of(held_on), held_on=held_on, now=now).id

        return hold

    def _list(self, item: Item, days: list[date]) -> None:
        """Let an item enter, perhaps change its value, perhaps leave, perhaps come back."""
        chance = self._chance
        entry = chance.randrange(max(1, len(days) * 3 // 4))
        credits = 0 if item.kind == Item.Kind.DIGITAL_LITE else _within_the_book(item.hours or 0, self._today)
        decisions: list[tuple[date, str, int | None, str]] = [
            (day, "list", credits, "Proposed by its providers.") for day in days[entry : entry + 1]
        ]
        later = days[entry + 1 :]
        for day in sorted(chance.sample(later, k=min(len(later), chance.choice((0, 0, 1, 1, 2))))):
            if credits:
                credits = _within_the_book(credits + chance.choice((-6, -4, 4, 6, 8)), self._today)
                decisions.append((day, "change", credits, "Hours of practice were counted anew."))
        rest = [day for day in days if decisions and day > decisions[-1][0]]
        if len(rest) > 2 and chance.random() < 0.12:
            decisions.append((rest[0], "delist", None, "No deliveries in the past year."))
            if chance.random() < 0.4:
                decisions.append((rest[2], "list", credits, "Revised and proposed again."))
        self._listings[item.id] = []
        for held_on, outcome, value, reason in decisions:
            self._decide(item, held_on, outcome, value, reason)

    def _decide(self, item: Item, held_on: date, outcome: str, credits: int | None, reason: str) -> None:
        effective_on = held_on + timedelta(days=14)
        stretches = self._listings[item.id]
        if stretches and stretches[-1].ends_on is None:
            stretches[-1] = Stretch(stretches[-1].starts_on, effective_on, stretches[-1].value)
        if credits is not None:
            stretches.append(Stretch(effective_on, None, credits))
        self._timeline.on(
            held_on,
            lambda now: decide_listing(
                item_id=item.id,
                outcome=outcome,
                credits=credits,
                effective_on=effective_on,
                review_id=self._reviews[held_on],
                decided_by_id=None,
                reason=reason,
                now=now,
            ),
            turn=1,
        )

    def _authorise(self, item: Item) -> None:
        stretches = self._listings[item.id]
        self._deliverers[item.id] = {}
        if not stretches:
            return
        since = stretches[0].starts_on
        providers = self._chance.sample(sorted(self.providers), k=self._chance.choice((1, 2, 2, 3)))
        if self._chance.random() < 0.2:
            providers.append(next(key for key, each in self.providers.items() if each.code in HOME_PROVIDERS))
        for provider_id in dict.fromkeys(providers):
            ends_on = add_months(since, 30) if self._chance.random() < 0.1 else None
            self._deliverers[item.id][provider_id] = Stretch(since, ends_on)
            self._timeline.on(min(since, self._today - timedelta(days=1)), self._authoriser(item, provider_id), turn=2)

    def _authoriser(self, item: Item, provider_id: int) -> Any:
        stretch = self._deliverers[item.id][provider_id]
        return lambda now: authorise_provider(
            provider_id=provider_id,
            item_id=item.id,
            starts_on=stretch.starts_on,
            ends_on=stretch.ends_on,
            now=now,
        )

    def _schedule_deliveries(self) -> None:
        """Runs of what is taught by people: some over, some to come."""
        yesterday = self._today - timedelta(days=1)
        taught = [offer for offer in self.offers_on(yesterday) if not offer.self_paced]
        for number, offer in enumerate(self._chance.sample(taught, k=min(80, len(taught))), start=1):
            ends_on = self._today + timedelta(days=self._chance.randrange(-200, 150))
            stretch = self._deliverers[offer.item_id][offer.provider_id]
            starts_on = ends_on - timedelta(days=self._chance.choice((0, 1, 4)))
            known_on = max(stretch.starts_on, min(yesterday, starts_on - timedelta(days=60)))
            if known_on < starts_on and stretch.holds_on(ends_on):
                self._timeline.on(known_on, self._scheduler(offer, number, starts_on, ends_on), turn=3)

    def _scheduler(self, offer: Offer, number: int, starts_on: date, ends_on: date) -> Any:
        place = self._chance.choice(wares.PLACES)
        return lambda now: schedule_delivery(
            provider_id=offer.provider_id,
            item_id=offer.item_id,
            code=f"{ends_on:%y%m}-{number:03d}",
            place=place,
            starts_on=starts_on,
            ends_on=ends_on,
            now=now,
        )


def _make_providers() -> dict[int, Provider]:
    since = clock.at(BoardReview.objects.order_by("held_on")[0].held_on, 12)
    Provider.objects.bulk_create(
        Provider(code=code, name=name, website=f"https://{code}.example/", created_at=since)
        for code, name in wares.PROVIDERS
    )
    return {provider.id: provider for provider in Provider.objects.order_by("id")}


def _make_item(title: str, kind: str, hours: int, technology: str) -> Item:
    code = "".join(letter if letter.isalnum() else "-" for letter in title.lower()).strip("-")
    while "--" in code:
        code = code.replace("--", "-")
    since = clock.at(BoardReview.objects.order_by("held_on")[0].held_on, 12)
    return Item.objects.create(
        code=code,
        title=title,
        summary=wares.SUMMARIES[kind].format(hours=hours),
        kind=kind,
        technology=technology,
        hours=hours,
        registration_number=f"DW-{len(title):02d}{hours:02d}" if kind == Item.Kind.CUSTOM else "",
        approval_number=f"TC-{len(title):02d}{hours:02d}" if kind == Item.Kind.OTHER else "",
        sample=hours % 3 == 0,
        created_at=since,
    )


def _within_the_book(credits: int, day: date) -> int:
    """About a credit an hour, between what the book allows (CAT-03)."""
    policy = BOOK.on(day)
    lowest: int = policy["training.min_credits"].value
    highest: int = policy["training.max_credits"].value
    return max(lowest, min(highest, credits))
