"""What can be learned, and from whom.

A *provider* delivers training. An *item* is a training as the catalog knows it; a *listing* says what it is worth
between two days and stems from a decision of the board inside a quarterly review (CAT-02). An *authorisation* lets a
provider deliver an item; a *delivery* is one run of it (CAT-07).
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _


def _days(start: str, end: str) -> Func:
    """The half-open range of days from a start to an end that may be open."""
    return Func(F(start), Coalesce(F(end), Value("infinity"), output_field=models.DateField()), function="daterange")


class Provider(models.Model):
    """An organisation that delivers trainings and approves their completion."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    website = models.URLField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ProviderMember(models.Model):
    """A user who acts for a provider."""

    class Role(models.TextChoices):
        REVIEWER = "reviewer", _("reviewer")
        MANAGER = "manager", _("manager")

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="members")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="provider_member")
    role = models.CharField(max_length=10, choices=Role, default=Role.REVIEWER)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="provider_member_known_role", condition=Q(role__in=["reviewer", "manager"]))
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.provider_id}"


class Item(models.Model):
    """A training as the catalog knows it; what it is worth stands in its listings."""

    class Kind(models.TextChoices):
        INSTRUCTOR_LED = "instructor_led", _("Instructor-led")
        VIRTUAL = "virtual", _("Virtual instructor-led")
        DIGITAL = "digital", _("Digital with labs")
        DIGITAL_LITE = "digital_lite", _("Digital without labs")
        LEARNING_PATH = "learning_path", _("Learning path")
        CUSTOM = "custom", _("Custom instructor-led")
        WORKSHOP = "workshop", _("Workshop")
        BOOTCAMP = "bootcamp", _("Bootcamp")
        OTHER = "other", _("Other, pre-approved")

    code = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    kind = models.CharField(max_length=20, choices=Kind)
    technology = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=10, default="en")
    hours = models.PositiveSmallIntegerField(null=True, blank=True)
    registration_number = models.CharField(max_length=40, blank=True)  # of the derivative-works tool (CAT-06)
    # Of the technical committee, without which one of the kind "other" is not listed (CAT-04).
    approval_number = models.CharField(max_length=40, blank=True, default="", db_default="")
    sample = models.BooleanField(default=False)  # anyone may see it; the rest only holders (CAT-08)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["title"]
        constraints = [
            models.CheckConstraint(
                name="item_known_kind",
                condition=Q(
                    kind__in=[
                        "instructor_led",
                        "virtual",
                        "digital",
                        "digital_lite",
                        "learning_path",
                        "custom",
                        "workshop",
                        "bootcamp",
                        "other",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="item_custom_is_registered", condition=~Q(kind="custom") | ~Q(registration_number="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class BoardReview(models.Model):
    """A quarterly review of the catalog by the advisory board (CAT-02)."""

    quarter = models.CharField(max_length=7, unique=True)  # 2026-Q4
    held_on = models.DateField()

    class Meta:
        ordering = ["-held_on"]
        constraints = [
            models.CheckConstraint(name="board_review_quarter", condition=Q(quarter__regex=r"^\d{4}-Q[1-4]$"))
        ]

    def __str__(self) -> str:
        return self.quarter


class BoardDecision(models.Model):
    """A decision of the board on an item: it enters, changes or leaves the catalog from a day on. Append-only."""

    class Outcome(models.TextChoices):
        LIST = "list", _("listed")
        CHANGE = "change", _("changed")
        DELIST = "delist", _("delisted")

    review = models.ForeignKey(BoardReview, on_delete=models.PROTECT, related_name="decisions")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="board_decisions")
    outcome = models.CharField(max_length=10, choices=Outcome)
    effective_on = models.DateField()
    credits = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        ordering = ["-decided_at"]
        constraints = [
            models.CheckConstraint(
                name="board_decision_credits_unless_delisted",
                condition=Q(outcome="delist", credits__isnull=True)
                | Q(outcome__in=["list", "change"], credits__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.item_id} from {self.effective_on}"


class Listing(models.Model):
    """What an item is worth from its first day up to, and not on, its end day; never overlapping (CAT-01, CAT-02)."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="listings")
    credits = models.PositiveSmallIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    decision = models.OneToOneField(BoardDecision, on_delete=models.PROTECT, related_name="listing")

    class Meta:
        ordering = ["starts_on"]
        constraints = [
            models.CheckConstraint(
                name="listing_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
            ),
            ExclusionConstraint(
                name="listing_one_at_a_time",
                expressions=[
                    ("item", RangeOperators.EQUAL),
                    (_days("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.credits} from {self.starts_on}"


class Authorisation(models.Model):
    """Lets a provider deliver an item from its first day up to, and not on, its end day (CAT-07)."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="authorisations")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="authorisations")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="authorisation_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
            ),
            ExclusionConstraint(
                name="authorisation_one_at_a_time",
                expressions=[
                    ("provider", RangeOperators.EQUAL),
                    ("item", RangeOperators.EQUAL),
                    (_days("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} for {self.item_id}"


class Delivery(models.Model):
    """One run of an item by a provider, in a place or on line."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="deliveries")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="deliveries")
    code = models.CharField(max_length=40)
    place = models.CharField(max_length=120, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    created_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)  # before it ended, so that nobody has completed it

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-ends_on"]
        constraints = [
            models.UniqueConstraint(name="delivery_code_unique", fields=["provider", "code"]),
            models.CheckConstraint(name="delivery_ends_after_start", condition=Q(ends_on__gte=F("starts_on"))),
        ]

    def __str__(self) -> str:
        return f"{self.code} until {self.ends_on}"


class Equivalence(models.Model):
    """The board's word that two items are one training in another language or version (CR-04). Append-only."""

    review = models.ForeignKey(BoardReview, on_delete=models.PROTECT, related_name="equivalences")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="equivalences")
    same_as = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="equivalences_from")
    reason = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        ordering = ["-decided_at"]
        constraints = [
            models.UniqueConstraint(name="equivalence_once", fields=["item", "same_as"]),
            # Written one way round only, so that each pair stands once.
            models.CheckConstraint(name="equivalence_of_two_items", condition=Q(item__lt=F("same_as"))),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} = {self.same_as_id}"


class Proposal(models.Model):
    """An item that a provider asks the board to list; the board answers in a review (CAT-02)."""

    class Status(models.TextChoices):
        OPEN = "open", _("waiting for the board")
        WITHDRAWN = "withdrawn", _("withdrawn")
        LISTED = "listed", _("listed")
        DECLINED = "declined", _("declined")

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="proposals")
    form_key = models.UUIDField(unique=True)  # made with the form: sending it twice is one proposal
    code = models.SlugField(max_length=60)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    kind = models.CharField(max_length=20, choices=Item.Kind)
    technology = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=10, default="en")
    hours = models.PositiveSmallIntegerField(null=True, blank=True)
    credits = models.PositiveSmallIntegerField()
    registration_number = models.CharField(max_length=40, blank=True)  # where the kind needs it (CAT-06)
    approval_number = models.CharField(max_length=40, blank=True, default="", db_default="")  # likewise (CAT-04)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    proposed_by = models.ForeignKey(ProviderMember, on_delete=models.PROTECT, related_name="proposals")
    proposed_at = models.DateTimeField()
    decision = models.OneToOneField(
        BoardDecision, on_delete=models.PROTECT, null=True, blank=True, related_name="proposal"
    )
    review = models.ForeignKey(  # the one in which the board answered
        BoardReview, on_delete=models.PROTECT, null=True, blank=True, related_name="proposals"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    answer = models.TextField(blank=True)  # the board's words where it declines

    class Meta:
        ordering = ["-proposed_at"]
        constraints = [
            models.CheckConstraint(
                name="proposal_known_status", condition=Q(status__in=["open", "withdrawn", "listed", "declined"])
            ),
            models.CheckConstraint(
                name="proposal_answered_has_when",
                condition=Q(status="open", answered_at__isnull=True)
                | (~Q(status="open") & Q(answered_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="proposal_listed_has_decision",
                condition=Q(status="listed", decision__isnull=False) | (~Q(status="listed") & Q(decision__isnull=True)),
            ),
            models.CheckConstraint(
                name="proposal_answered_in_a_review",
                condition=Q(status__in=["listed", "declined"], review__isnull=False)
                | Q(status__in=["open", "withdrawn"], review__isnull=True),
            ),
            models.CheckConstraint(name="proposal_declined_says_why", condition=~Q(status="declined") | ~Q(answer="")),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"
