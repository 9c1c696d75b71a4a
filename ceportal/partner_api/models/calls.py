"""What was called, and what a call was answered that must not be done twice."""

from __future__ import annotations

from django.db import models


class Call(models.Model):
    """One request to the API: who, what, and how it ended; of its address not what follows the question mark."""

    caller = models.CharField(max_length=60)
    application = models.ForeignKey(
        "partner_api.Application", on_delete=models.PROTECT, null=True, blank=True, related_name="calls"
    )
    at = models.DateTimeField()
    method = models.CharField(max_length=7)
    path = models.CharField(max_length=200)
    status = models.PositiveSmallIntegerField()
    milliseconds = models.PositiveIntegerField()
    request_id = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["at"], name="call_by_moment")]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


class KeptAnswer(models.Model):
    """What the first request under an idempotency key was answered, stored with its effect."""

    caller = models.CharField(max_length=60)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # of method, address and body
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    content_type = models.CharField(max_length=60)
    body = models.TextField(blank=True)
    sealed = models.BooleanField(default=False, db_default=False)  # the body, as it tells a secret
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="kept_answer_once_a_key", fields=["caller", "key"])]
        indexes = [models.Index(fields=["answered_at"], name="kept_answer_by_moment")]

    def __str__(self) -> str:
        return f"{self.key} of {self.caller}"
