"""The daily seal of the ledger; docs/ledger.md says how it is made and checked."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Seal(models.Model):
    """A hash over the entries written on a day, chained to the seal before and signed (CR-07). Append-only.

    A day on which nothing was written has none: the next seal says with its day that nothing lay between.
    """

    day = models.DateField(unique=True)
    first_entry_id = models.BigIntegerField()
    last_entry_id = models.BigIntegerField()
    entries = models.PositiveIntegerField()
    # The highest number of an entry given out when the day was sealed. An entry above it came afterwards and belongs to
    # a later seal, whatever its moment says.
    known_to = models.BigIntegerField()
    previous = models.CharField(max_length=64)  # the hash of the seal before; zeros for the first
    sha256 = models.CharField(max_length=64)
    marks = models.BinaryField()  # the number of each entry and the start of its own hash, so that a change is found
    signature = models.TextField()  # of day and hash (kernel.signatures): whoever writes here cannot write this
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["day"]
        constraints = [
            models.CheckConstraint(
                name="seal_of_something",
                condition=Q(entries__gt=0, last_entry_id__gte=F("first_entry_id"), known_to__gte=F("last_entry_id")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.sha256[:12]}"
