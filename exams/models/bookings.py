"""Seats taken by candidates, changed, and waited for.

A *booking* is a seat taken for a track. While money is awaited at once, or somebody on the waiting list is asked, it is
*held* for a while. A *reschedule* is one quoted change from a booking to another seat. A *waiting wish* asks to be told
when a seat opens.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from candidates.models import Candidate, Track
from exams.models.places import Seat, Site, SitePrice
from exams.models.results import Attempt, Exam
from payments.models import Order, Voucher

LIVE = ("reserved", "paid", "sat")  # one per candidate and track (LAB-01); of a lab sat the result is awaited
FREED = ("released", "unpaid_cancelled", "dropped", "cancelled", "rescheduled")  # their seat is free for others


class Booking(models.Model):
    """A seat taken by a candidate. What may follow what stands in rules.booking.TRANSITIONS."""

    class Status(models.TextChoices):
        HELD = "held", _("held for a while")
        RESERVED = "reserved", _("reserved, not paid")
        PAID = "paid", _("paid")
        RELEASED = "released", _("let go")
        UNPAID_CANCELLED = "unpaid_cancelled", _("cancelled, as it was not paid")
        DROPPED = "dropped", _("dropped")
        CANCELLED = "cancelled", _("cancelled")
        RESCHEDULED = "rescheduled", _("moved to another seat")
        NO_SHOW = "no_show", _("not appeared")
        SAT = "sat", _("sat, result awaited")
        PASSED = "passed", _("passed")
        FAILED = "failed", _("failed")
        INCIDENT = "incident", _("ended by a fault")

    class HeldFor(models.TextChoices):
        PAYMENT = "payment", _("a payment at once")  # LAB-06: booked too late to pay later
        RESCHEDULE = "reschedule", _("a change of booking")
        WAITING = "waiting", _("somebody on the waiting list")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="bookings")
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="+")
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="bookings")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="bookings")
    kit = models.CharField(max_length=12, choices=SitePrice.Kit, default=SitePrice.Kit.FIXED)  # LAB-17
    status = models.CharField(max_length=16, choices=Status)
    held_for = models.CharField(max_length=10, choices=HeldFor, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    # Where it may be paid later: from this moment on it cannot (LAB-07). None where it is paid at once (LAB-06).
    pay_before = models.DateTimeField(null=True, blank=True)
    remind_at = models.DateTimeField(null=True, blank=True)  # when the payment is due to be reminded of (LAB-08)
    reminded_at = models.DateTimeField(null=True, blank=True)
    # What asks for its money, or brought it; where a remedy reschedules, it moves along to the new booking (INC-03).
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decision = models.JSONField()  # why it could be booked
    booked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)  # when it came to its last state so far
    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, null=True, blank=True, related_name="booking")
    rereadable = models.BooleanField(null=True, blank=True)  # of a failed one, as its operator says (RRD-05)
    topics = models.JSONField(default=list, blank=True)  # the topic areas that a fail names (LAB-19)

    class Meta:
        ordering = ["-booked_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="booking_known_status",
                condition=Q(
                    status__in=[
                        "held",
                        "reserved",
                        "paid",
                        "released",
                        "unpaid_cancelled",
                        "dropped",
                        "cancelled",
                        "rescheduled",
                        "no_show",
                        "sat",
                        "passed",
                        "failed",
                        "incident",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="booking_held_has_until_and_what_for",
                condition=(Q(status="held", held_until__isnull=False) & ~Q(held_for=""))
                | (~Q(status="held") & Q(held_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="booking_reserved_has_deadline", condition=~Q(status="reserved") | Q(pay_before__isnull=False)
            ),
            models.CheckConstraint(
                name="booking_result_has_attempt",
                condition=~Q(status__in=["passed", "failed"]) | Q(attempt__isnull=False),
            ),
            models.UniqueConstraint(
                name="booking_one_live_per_track", fields=["candidate", "track"], condition=Q(status__in=LIVE)
            ),
            models.UniqueConstraint(
                name="booking_one_held_per_track", fields=["candidate", "track"], condition=Q(status="held")
            ),
            models.UniqueConstraint(name="booking_one_per_seat", fields=["seat"], condition=~Q(status__in=FREED)),
        ]
        indexes = [
            models.Index(fields=["held_until"], name="booking_held", condition=Q(status="held")),
            models.Index(fields=["pay_before"], name="booking_to_be_paid", condition=Q(status="reserved")),
            models.Index(
                fields=["remind_at"],
                name="booking_to_be_reminded",
                condition=Q(status="reserved", reminded_at__isnull=True),
            ),
            models.Index(fields=["candidate", "-booked_at"], name="booking_by_candidate"),
        ]

    def __str__(self) -> str:
        return f"{self.track_id} on seat {self.seat_id}: {self.status}"

    @property
    def is_offer(self) -> bool:
        """Whether it is a seat kept for somebody on the waiting list, not booked yet (LAB-15)."""
        return self.status == self.Status.HELD and self.held_for == self.HeldFor.WAITING


class Reschedule(models.Model):
    """One change of a booking: quoted with its decision, a new seat held while it is paid, then made or let go."""

    class Status(models.TextChoices):
        QUOTED = "quoted", _("quoted")
        COMMITTED = "committed", _("made")
        LAPSED = "lapsed", _("not made in time")
        WITHDRAWN = "withdrawn", _("withdrawn")

    old = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="reschedules")
    new = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="came_by")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUOTED)
    quote = models.JSONField()  # line by line, in cents: what comes back, what is charged, what is lost
    charge_cents = models.PositiveIntegerField()
    refund_cents = models.PositiveIntegerField()
    decision = models.JSONField()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    voucher = models.ForeignKey(  # what pays the new fee: it comes along, or was given (RSCH-05)
        Voucher, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    quoted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-quoted_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="reschedule_known_status",
                condition=Q(status__in=["quoted", "committed", "lapsed", "withdrawn"]),
            ),
            models.CheckConstraint(
                name="reschedule_ended_has_when",
                condition=Q(status="quoted", ended_at__isnull=True) | (~Q(status="quoted") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(name="reschedule_to_another", condition=~Q(old=F("new"))),
            models.UniqueConstraint(name="reschedule_one_quoted", fields=["old"], condition=Q(status="quoted")),
            models.UniqueConstraint(name="reschedule_one_made", fields=["old"], condition=Q(status="committed")),
        ]

    def __str__(self) -> str:
        return f"{self.old_id} to {self.new_id}: {self.status}"


class WaitingWish(models.Model):
    """A candidate asks to be told when a seat opens at some sites between two days: first come, first told."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        OFFERED = "offered", _("a seat is held for you")
        TAKEN = "taken", _("taken")
        ENDED = "ended", _("ended")

    class Ending(models.TextChoices):
        BOOKED = "booked", _("another seat was booked")
        WITHDRAWN = "withdrawn", _("taken back")
        DECLINED = "declined", _("the offered seat was let go")
        LAPSED = "lapsed", _("the offered seat was not taken in time")
        OVER = "over", _("its days are over")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="waiting_wishes")
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="+")
    sites = models.ManyToManyField(Site, related_name="+")
    first_day = models.DateField()
    last_day = models.DateField()
    kit = models.CharField(max_length=12, choices=SitePrice.Kit, default=SitePrice.Kit.FIXED)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    offer = models.OneToOneField(Booking, on_delete=models.PROTECT, null=True, blank=True, related_name="offered_to")
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    # Why it ended; empty while it stands, for one that was taken, and for those that ended before this was kept.
    ending = models.CharField(max_length=10, choices=Ending, blank=True, default="", db_default="")

    class Meta:
        ordering = ["asked_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="waiting_wish_known_status", condition=Q(status__in=["waiting", "offered", "taken", "ended"])
            ),
            models.CheckConstraint(name="waiting_wish_days_in_order", condition=Q(last_day__gte=F("first_day"))),
            models.CheckConstraint(
                name="waiting_wish_offered_has_offer", condition=~Q(status="offered") | Q(offer__isnull=False)
            ),
            models.CheckConstraint(
                name="waiting_wish_known_ending",
                condition=Q(ending="")
                | Q(status="ended", ending__in=["booked", "withdrawn", "declined", "lapsed", "over"]),
            ),
            models.UniqueConstraint(
                name="waiting_wish_one_per_track",
                fields=["candidate", "track"],
                condition=Q(status__in=["waiting", "offered"]),
            ),
        ]
        indexes = [models.Index(fields=["asked_at"], name="waiting_wish_queue", condition=Q(status="waiting"))]

    def __str__(self) -> str:
        return f"{self.candidate_id} waits for {self.track_id}"
