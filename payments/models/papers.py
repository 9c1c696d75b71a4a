"""Invoices and credit notes, and the series that number them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from candidates.models import Candidate
from payments.models.cards import Refund
from payments.models.orders import Order


class InvoiceSeries(models.Model):
    """The last number given in a year; locked while a number is drawn, so that there are no gaps."""

    year = models.PositiveSmallIntegerField(unique=True)
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "invoice series"

    def __str__(self) -> str:
        return f"{self.year}: {self.last_number}"


class Invoice(models.Model):
    """An invoice, frozen at issue: a database trigger refuses any change (PAY-03)."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="invoice")
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="invoices")
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=20, unique=True)
    content = models.JSONField()  # everything that stands on the paper
    issued_on = models.DateField()
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ["-year", "-sequence"]
        constraints = [
            models.UniqueConstraint(name="invoice_number_once", fields=["year", "sequence"]),
            models.CheckConstraint(name="invoice_numbered_from_one", condition=Q(sequence__gt=0)),
        ]

    def __str__(self) -> str:
        return self.number


class CreditNoteSeries(models.Model):
    """The last number of a credit note in a year, as InvoiceSeries keeps that of invoices."""

    year = models.PositiveSmallIntegerField(unique=True)
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "credit note series"

    def __str__(self) -> str:
        return f"{self.year}: {self.last_number}"


class CreditNote(models.Model):
    """What of an invoice is given back, frozen at issue as the invoice is (PAY-03)."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="credit_notes")
    refund = models.OneToOneField(  # the first that was asked for; one that fails is asked for anew, the paper stands
        Refund, on_delete=models.PROTECT, related_name="credit_note"
    )
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=20, unique=True)
    content = models.JSONField()  # everything that stands on the paper
    issued_on = models.DateField()
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ["-year", "-sequence"]
        constraints = [
            models.UniqueConstraint(name="credit_note_number_once", fields=["year", "sequence"]),
            models.CheckConstraint(name="credit_note_numbered_from_one", condition=Q(sequence__gt=0)),
        ]

    def __str__(self) -> str:
        return self.number
