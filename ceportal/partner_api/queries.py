"""Reads of people's own tokens."""

from __future__ import annotations

from datetime import datetime

from django.db.models import BooleanField, Case, QuerySet, Value, When

from ceportal.partner_api.models import PersonalToken


def personal_tokens(user_id: int, *, now: datetime) -> QuerySet[PersonalToken]:
    """A person's tokens, those that are `good` at a moment first, the latest of them first."""
    good = When(withdrawn_at__isnull=True, expires_at__gt=now, then=Value(True))
    return (
        PersonalToken.objects.filter(user_id=user_id)
        .annotate(good=Case(good, default=Value(False), output_field=BooleanField()))
        .order_by("-good", "-id")
    )


def names_in_use(user_id: int, *, now: datetime) -> set[str]:
    """The names of a person's tokens that are good at a moment."""
    good = PersonalToken.objects.filter(user_id=user_id, withdrawn_at__isnull=True, expires_at__gt=now)
    return set(good.values_list("name", flat=True))
