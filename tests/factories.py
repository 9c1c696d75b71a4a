"""Rows for tests, valid as they come; a test names only what it is about.

`LONG_AGO` is the programme's first day: what has no better date was made then.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import factory
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from factory.django import DjangoModelFactory

from candidates.models import Agreement, Candidate, Certification, Term, Track, User
from catalog.models import (
    Authorisation,
    BoardDecision,
    BoardReview,
    Delivery,
    Item,
    Listing,
    Provider,
    ProviderMember,
)
from exams.models import Booking, Exam, Seat, Site, SiteMember, Sitting, SittingPattern

FIRST_DAY = date(2017, 6, 6)
LONG_AGO = datetime(2017, 6, 6, 12, tzinfo=UTC)


def day(text: str) -> date:
    """A day as tests write it: 2021-05-30."""
    return date.fromisoformat(text)


def noon(on: str | date) -> datetime:
    """Noon UTC of a day, when the steps of a story happen."""
    return datetime.combine(day(on) if isinstance(on, str) else on, time(12), UTC)


class UserFactory(DjangoModelFactory[User]):
    """Someone with a confirmed e-mail address; `second_factor=True` for those who act for others.

    Without a password (hashing is slow) one signs in by `client.force_login`.
    """

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        staff = factory.Trait(is_staff=True, is_superuser=True)

    email = factory.Sequence(lambda number: f"user{number}@example.org")
    name = factory.Faker("name")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **fields: Any) -> User:
        return model_class.objects.create_user(*args, **fields)

    @factory.post_generation
    def confirmed(self: User, create: bool, extracted: bool | None, **_fields: Any) -> None:
        if create and extracted is not False:
            EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)

    @factory.post_generation
    def second_factor(self: User, create: bool, extracted: bool | None, **_fields: Any) -> None:
        if create and extracted:
            Authenticator.objects.create(user=self, type=Authenticator.Type.TOTP, data={"secret": "tests-only"})


class CandidateFactory(DjangoModelFactory[Candidate]):
    """A person in the certification records; `login=True` links a user of the same name and address."""

    class Meta:
        model = Candidate

    class Params:
        login = factory.Trait(
            user=factory.SubFactory(
                UserFactory, email=factory.SelfAttribute("..email"), name=factory.SelfAttribute("..name")
            )
        )

    number = factory.Sequence(lambda number: f"CSCO{10_000_000 + number}")
    name = factory.Faker("name")
    born = date(1980, 1, 1)
    country = "US"
    email = factory.Sequence(lambda number: f"candidate{number}@example.org")
    created_at = LONG_AGO


class TrackFactory(DjangoModelFactory[Track]):
    """A track; an expert one unless told otherwise. The same code is the same track."""

    class Meta:
        model = Track
        django_get_or_create = ("code",)

    code = "ccie-security"
    name = factory.LazyAttribute(lambda track: track.code.replace("-", " ").upper())
    level = Track.Level.EXPERT
    family = factory.LazyAttribute(lambda track: "ccie" if track.code.startswith("ccie") else "")


class CertificationFactory(DjangoModelFactory[Certification]):
    """An active certification of three years, with the term that runs."""

    class Meta:
        model = Certification
        skip_postgeneration_save = True

    candidate = factory.SubFactory(CandidateFactory)
    track = factory.SubFactory(TrackFactory)
    number = factory.Sequence(lambda number: f"{60_000 + number}")
    first_certified_on = date(2024, 1, 1)
    status = Certification.Status.ACTIVE
    active_ends_on = date(2027, 1, 1)
    inactive_on = factory.SelfAttribute("active_ends_on")
    next_change_on = factory.SelfAttribute("active_ends_on")

    @factory.post_generation
    def term(self: Certification, create: bool, extracted: bool | None, **_fields: Any) -> None:
        if create and extracted is not False:
            Term.objects.create(
                certification=self,
                starts_on=self.first_certified_on,
                renewed_on=self.first_certified_on,
                reason=Term.Reason.EARNED,
                created_at=LONG_AGO,
            )


class AgreementFactory(DjangoModelFactory[Agreement]):
    """The programme's terms in their first version."""

    class Meta:
        model = Agreement
        django_get_or_create = ("kind", "version")

    kind = Agreement.Kind.TERMS
    version = "1.0"
    title = "Terms of the programme"
    text = "What you and the programme owe each other."
    effective_on = FIRST_DAY


class ProviderFactory(DjangoModelFactory[Provider]):
    """A provider; the same code is the same provider."""

    class Meta:
        model = Provider
        django_get_or_create = ("code",)

    code = "acme"
    name = factory.LazyAttribute(lambda provider: provider.code.capitalize())
    created_at = LONG_AGO


class ProviderMemberFactory(DjangoModelFactory[ProviderMember]):
    """A reviewer of `acme`, with a second factor."""

    class Meta:
        model = ProviderMember

    provider = factory.SubFactory(ProviderFactory)
    user = factory.SubFactory(UserFactory, second_factor=True)


class ItemFactory(DjangoModelFactory[Item]):
    """A training without listing: `listed_item()` gives one that earns credits."""

    class Meta:
        model = Item
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda number: f"training-{number}")
    title = factory.LazyAttribute(lambda item: item.code.replace("-", " ").capitalize())
    kind = Item.Kind.INSTRUCTOR_LED
    technology = "Security"
    hours = 40
    registration_number = factory.LazyAttribute(lambda item: "DW-1" if item.kind == Item.Kind.CUSTOM else "")
    created_at = LONG_AGO


class BoardReviewFactory(DjangoModelFactory[BoardReview]):
    """The review that the first listings come from."""

    class Meta:
        model = BoardReview
        django_get_or_create = ("quarter",)

    quarter = "2017-Q2"
    held_on = FIRST_DAY


class ListingFactory(DjangoModelFactory[Listing]):
    """What an item is worth from the programme's first day on, with the board's decision behind it."""

    class Meta:
        model = Listing

    item = factory.SubFactory(ItemFactory)
    credits = 40
    starts_on = FIRST_DAY
    decision = factory.LazyAttribute(
        lambda listing: BoardDecision.objects.create(
            review=BoardReviewFactory.create(),
            item=listing.item,
            outcome=BoardDecision.Outcome.LIST,
            effective_on=listing.starts_on,
            credits=listing.credits,
            decided_at=LONG_AGO,
        )
    )


class AuthorisationFactory(DjangoModelFactory[Authorisation]):
    """Lets `acme` deliver an item from the programme's first day on."""

    class Meta:
        model = Authorisation

    provider = factory.SubFactory(ProviderFactory)
    item = factory.SubFactory(ItemFactory)
    starts_on = FIRST_DAY


def listed_item(*, credits: int = 40, provider: Provider | None = None, since: date = FIRST_DAY, **item: Any) -> Item:
    """An item worth so many credits since a day, which its provider (`acme`) is authorised to deliver."""
    listed = ItemFactory.create(**item)
    ListingFactory.create(item=listed, credits=credits, starts_on=since)
    AuthorisationFactory.create(item=listed, provider=provider or ProviderFactory.create(), starts_on=since)
    return listed


class DeliveryFactory(DjangoModelFactory[Delivery]):
    """One run of a listed item by `acme`."""

    class Meta:
        model = Delivery

    provider = factory.SubFactory(ProviderFactory)
    item = factory.LazyAttribute(lambda delivery: listed_item(provider=delivery.provider))
    code = factory.Sequence(lambda number: f"RUN-{number}")
    place = "Brussels"
    starts_on = factory.LazyAttribute(lambda delivery: delivery.ends_on - timedelta(days=4))
    ends_on = date(2021, 3, 5)
    created_at = LONG_AGO


class SiteFactory(DjangoModelFactory[Site]):
    """A site for labs; the same code is the same site."""

    class Meta:
        model = Site
        django_get_or_create = ("code",)

    code = "brussels"
    name = factory.LazyAttribute(lambda site: site.code.capitalize())
    country = "BE"
    time_zone = "Europe/Brussels"


class SiteMemberFactory(DjangoModelFactory[SiteMember]):
    """A proctor in Brussels, with a second factor."""

    class Meta:
        model = SiteMember

    site = factory.SubFactory(SiteFactory)
    user = factory.SubFactory(UserFactory, second_factor=True)


class ExamFactory(DjangoModelFactory[Exam]):
    """A core exam; the same number is the same exam."""

    class Meta:
        model = Exam
        django_get_or_create = ("number",)

    number = "350-701"
    name = factory.LazyAttribute(lambda exam: f"Exam {exam.number}")
    kind = Exam.Kind.CORE


class LabFactory(ExamFactory):
    """The security lab, which alone earns its track; opened by its core exam."""

    number = factory.LazyAttribute(lambda exam: f"lab-{exam.earns.code}")
    kind = Exam.Kind.EXPERT_LAB
    earns = factory.SubFactory(TrackFactory)
    opened_by = factory.SubFactory(ExamFactory)


class SittingPatternFactory(DjangoModelFactory[SittingPattern]):
    """Mondays at 08:30 with two seats in Brussels, from the programme's first day on."""

    class Meta:
        model = SittingPattern

    site = factory.SubFactory(SiteFactory)
    weekday = 0
    starts_at = time(8, 30)
    seats = 2
    holds_from = FIRST_DAY


class SittingFactory(DjangoModelFactory[Sitting]):
    """Monday, 4 May 2026, 08:30 in Brussels, with four seats: `SittingFactory.create(seats=2)`."""

    class Meta:
        model = Sitting
        django_get_or_create = ("site", "day")
        skip_postgeneration_save = True

    site = factory.SubFactory(SiteFactory)
    day = date(2026, 5, 4)
    starts_at = time(8, 30)

    @factory.post_generation
    def seats(self: Sitting, create: bool, extracted: int | None, **_fields: Any) -> None:
        if create and not Seat.objects.filter(sitting=self).exists():
            Seat.objects.bulk_create(Seat(sitting=self, number=number) for number in range(1, (extracted or 4) + 1))


class BookingFactory(DjangoModelFactory[Booking]):
    """A paid booking of the security lab in Brussels on 4 May 2026, on the next free seat of its sitting."""

    class Meta:
        model = Booking

    class Params:
        sitting = factory.SubFactory(SittingFactory)

    candidate = factory.SubFactory(CandidateFactory)
    track = factory.SubFactory(TrackFactory)
    exam = factory.LazyAttribute(lambda booking: LabFactory.create(earns=booking.track))
    seat = factory.LazyAttribute(
        lambda booking: Seat.objects.filter(sitting=booking.sitting, bookings=None).earliest("number")
    )
    status = Booking.Status.PAID
    pay_before = factory.LazyAttribute(
        lambda booking: datetime(2026, 4, 4, 22, tzinfo=UTC) if booking.status == Booking.Status.RESERVED else None
    )
    decision = factory.LazyFunction(list)
    booked_at = datetime(2026, 2, 2, 12, tzinfo=UTC)
