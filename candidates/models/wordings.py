"""Which wordings of official messages staff have reviewed."""

from __future__ import annotations

from django.db import models

from candidates.models.people import User


class WordingReview(models.Model):
    """Somebody's word that a message of a kind reads right in a language, in one version of it (CE-13). Append-only.

    A wording that was changed since has another digest, and waits for a review of its own.
    """

    kind = models.CharField(max_length=40)
    language = models.CharField(max_length=10)
    digest = models.CharField(max_length=64)  # of the template and its translations: candidates.wordings
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT)
    reviewed_at = models.DateTimeField()

    class Meta:
        ordering = ["-reviewed_at", "-id"]
        constraints = [models.UniqueConstraint(name="wording_reviewed_once", fields=["kind", "language", "digest"])]

    def __str__(self) -> str:
        return f"{self.kind} ({self.language})"
