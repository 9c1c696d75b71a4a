"""Where a scenario plays: its people, its labels, the days that pass with their sweeps, and what is said meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from candidates.models import Candidate, User
from candidates.services import register_candidate
from catalog.models import Item, Provider, ProviderMember
from catalog.rules import KINDS
from catalog.services import authorise_provider, decide_listing
from ceportal import nightly
from ceportal.demo import nights
from ceportal.kernel import clock, relay
from ceportal.kernel.models import Delivery
from ceportal.kernel.policy import BOOK
from ceportal.scenarios.binding import CannotTell
from ceportal.scenarios.board import review_of
from ceportal.scenarios.cards import CardDesk
from ceportal.scenarios.scenario import Scenario, Step, WorldItem

ONE_DAY = timedelta(days=1)
ABOUT = ("claim", "booking", "what")  # the arguments that name something of somebody


@dataclass(frozen=True, slots=True)
class Made:
    """What a step made: its key, whose it is, and what it is (vocabulary.Verb.makes)."""

    key: Any
    owner: int
    what: str


@dataclass(slots=True)
class Stage:
    """The state of a scenario as it is told."""

    cards: CardDesk
    people: dict[str, int] = field(default_factory=dict)  # by name: the key of the record
    made: dict[str, Made] = field(default_factory=dict)  # by label
    every_night: bool = False  # run the nights that find nothing due, too
    last_night: date | None = None
    memory: dict[Any, Any] = field(default_factory=dict)  # what a verb remembers from one step to the next

    # ── The scene before the story ────────────────────────────────────────────────────────────────
    def set_up(self, scenario: Scenario) -> None:
        """Enter the people in the certification records, and what the scenario adds to the catalog."""
        first = scenario.story[0]
        now = clock.at(first.on, 0)
        for number, (name, person) in enumerate(scenario.people.items(), start=1):
            self.people[name] = register_candidate(
                number=f"S{number:06d}",
                name=name.capitalize(),
                born=person.born,
                country=person.country,
                region=person.region,
                email=f"{number}@scenario.example",
                now=now,
            ).pk
        for item in scenario.items:
            _add_item(item)
        self.last_night = first.on - ONE_DAY

    def somebody(self, name: str | None) -> Candidate:
        """The person named, else the first one."""
        return Candidate.objects.get(pk=self.people[name or next(iter(self.people))])

    # ── Time ──────────────────────────────────────────────────────────────────────────────────────
    def go_to(self, moment: datetime) -> None:
        """Let every night up to a moment pass, each followed by what it made to be said."""
        assert self.last_night is not None
        today = clock.day_of(moment)
        until = today if moment >= clock.at(today, nightly.HOUR, nightly.MINUTE) else today - ONE_DAY
        while (night := self._next_night(until)) is not None:
            at_night = clock.at(night, nightly.HOUR, nightly.MINUTE)
            with clock.standing_at(at_night):
                nightly.run_night(day=night)
                self.deliver(now=at_night)
            self.last_night = night
        self.last_night = max(self.last_night, until)

    def _next_night(self, until: date) -> date | None:
        assert self.last_night is not None
        if self.every_night:
            night = self.last_night + ONE_DAY
        else:
            due = nights.next_night(after=self.last_night)
            if due is None:
                return None
            night = due
        return night if night <= until else None

    def deliver(self, *, now: datetime) -> None:
        """Tell every receiver what is waiting for it, as the relay does; CannotTell where one failed."""
        while due := relay.take_due(now=now):
            for delivery_id in due:
                if not relay.deliver(delivery_id=delivery_id, now=now):
                    failed = Delivery.objects.get(id=delivery_id)
                    raise CannotTell(f"The receiver '{failed.receiver}' failed: {failed.last_error}")

    # ── What was made ─────────────────────────────────────────────────────────────────────────────
    def keep(self, label: str, key: Any, owner: Candidate, *, what: str = "") -> None:
        """Let a label name what was made; used again, it names the later thing."""
        self.made[label] = Made(key, owner.pk, what)

    def key_of(self, label: str) -> Any:
        """The key of what a label names; CannotTell where no step has made it yet."""
        if label not in self.made:
            raise CannotTell(f"{label} names nothing yet: no step before this one has made it.")
        return self.made[label].key

    def is_a(self, label: str, what: str) -> bool:
        """Whether a label names a thing of this kind."""
        return label in self.made and self.made[label].what == what

    def actor(self, step: Step) -> Candidate:
        """Whose step it is: the person named, else the one whose claim or booking it is about, else the first."""
        about = [step.arguments[name] for name in ABOUT if step.arguments.get(name) in self.made]
        if not about:
            return self.somebody(step.who)
        owner = self.made[about[0]].owner
        if step.who is not None and owner != self.people[step.who]:
            raise CannotTell(f"{about[0]} is not {step.who}'s.")
        return Candidate.objects.get(pk=owner)

    # ── Those who act for others ──────────────────────────────────────────────────────────────────
    def reviewer(self, provider: Provider) -> ProviderMember:
        """Somebody who decides for a provider."""
        member = ProviderMember.objects.filter(provider=provider, user__candidate__isnull=True).first()
        return member or ProviderMember.objects.create(
            provider=provider, user=User.objects.create_user(f"reviewer@{provider.code}.example")
        )

    def staff(self, which: str = "staff") -> User:
        """Somebody of the programme's staff; by another word, somebody else."""
        address = f"{which}@scenario.example"
        found = User.objects.filter(email=address).first()
        return found or User.objects.create_user(address, is_staff=True, is_superuser=True)


def provider_of(item: Item, day: date) -> Provider:
    """Who delivers an item: authorised on the day, else ever."""
    standing = item.authorisations.select_related("provider").order_by("starts_on", "id")
    found = [each for each in standing if each.starts_on <= day and (each.ends_on is None or day < each.ends_on)]
    first = next(iter(found), None) or standing.first()
    if first is None:
        raise CannotTell(f"Nobody was ever authorised for {item.code}.")
    return first.provider


def _add_item(item: WorldItem) -> None:
    """List an item and authorise its provider from the programme's first day, as the reference data does."""
    first_day: date = next(iter(BOOK.series["programme.starts_on"].values))[0]
    now = clock.at(first_day, 12)
    provider, _created = Provider.objects.get_or_create(
        code=item.provider, defaults={"name": item.provider.capitalize(), "created_at": now}
    )
    if Item.objects.filter(code=item.code).exists():
        raise CannotTell(f"The item {item.code} is in the reference world already (line {item.line}).")
    row = Item.objects.create(
        code=item.code,
        title=item.code,
        kind=item.kind,
        registration_number=f"DWT-{item.code}" if KINDS[item.kind].registration else "",
        approval_number=f"TC-{item.code}" if KINDS[item.kind].approval else "",
        created_at=now,
    )
    decide_listing(
        item_id=row.pk,
        outcome="list",
        credits=item.credits,
        effective_on=first_day,
        review_id=review_of(first_day, now=now).pk,
        decided_by_id=None,
        reason="Part of the scenario's world.",
        now=now,
    )
    authorise_provider(provider_id=provider.pk, item_id=row.pk, starts_on=first_day, now=now)
