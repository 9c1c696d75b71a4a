"""The daily seal of the ledger."""

from __future__ import annotations

from django.db import models


class Seal(models.Model):
    """A hash over the entries written on a day, chained to the seal of the day before (CR-07). Append-only."""

    day = models.DateField(unique=True)
    first_entry_id = models.BigIntegerField(null=True, blank=True)  # null: nothing was written that day
    last_entry_id = models.BigIntegerField(null=True, blank=True)
    entries = models.PositiveIntegerField()
    previous = models.CharField(max_length=64)  # the seal before it; zeros for the first
    sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day}: {self.sha256[:12]}"
