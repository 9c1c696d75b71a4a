"""What pays the fee of an exam in place of a card."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from candidates.models import Candidate, User
from ceportal.kernel import clock
from payments.codes import LETTERS
from payments.models.orders import Order


class Voucher(models.Model):
    """It pays the fee of one exam at any site, for the candidate it was issued to, until it expires (VCH-01..03).

    It is *reserved* on a change of booking whose payment is under way, and redeemed on whatever it has paid.
    """

    class Status(models.TextChoices):
        UNUSED = "unused", _("unused")
        RESERVED = "reserved", _("reserved")
        REDEEMED = "redeemed", _("redeemed")
        EXPIRED = "expired", _("expired")

    class Origin(models.TextChoices):
        ISSUED = "issued", _("issued by the programme")
        REMEDY = "remedy", _("remedy for an incident")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="vouchers")
    code = models.CharField(max_length=20, unique=True)
    expires_on = models.DateField()  # the last day on which it is redeemed or moved
    status = models.CharField(max_length=10, choices=Status, default=Status.UNUSED)
    order = models.OneToOneField(  # what it pays
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="voucher"
    )
    moving_to = models.OneToOneField(  # the change of booking that takes it along once it is paid (RSCH-05)
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="arriving_voucher"
    )
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.ISSUED)
    reference = models.CharField(  # of whoever ordered it: under one reference one is issued
        max_length=60, blank=True, default="", db_default=""
    )
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True)
    redeemed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="voucher_known_status", condition=Q(status__in=["unused", "reserved", "redeemed", "expired"])
            ),
            # Whatever it pays, it pays once (VCH-03).
            models.CheckConstraint(
                name="voucher_in_use_has_order",
                condition=Q(status__in=["unused", "expired"], order__isnull=True, redeemed_at__isnull=True)
                | Q(status="reserved", order__isnull=False, redeemed_at__isnull=True)
                | Q(status="redeemed", order__isnull=False, redeemed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="voucher_moves_when_redeemed",
                condition=Q(moving_to__isnull=True) | Q(status="redeemed") & ~Q(moving_to=F("order")),
            ),
            models.UniqueConstraint(
                name="voucher_once_per_reference", fields=["reference"], condition=~Q(reference="")
            ),
            models.CheckConstraint(
                name="voucher_code_of_groups", condition=Q(code__regex=rf"^[{LETTERS}]{{4}}(-[{LETTERS}]{{4}}){{2}}$")
            ),
        ]
        indexes = [
            models.Index(fields=["expires_on"], name="voucher_to_expire", condition=Q(status="unused")),
        ]

    def __str__(self) -> str:
        return f"···· {self.code[-4:]}"

    @property
    def issued_on(self) -> date:
        """The day on which it was issued, in the programme's time zone."""
        return clock.day_of(self.issued_at)
