"""How an app says which of its rows are about a person, so that they can be given to that person (CAND-09).

A *part* is the rows of one model and the foreign keys by which they lead to the candidate. An *area* is some parts
under one name: one file of what a candidate exports. Every column is given unless a part leaves it out, so that a
column that is added later is given too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one model about a person."""

    model: str  # "credits.Evidence"
    path: str  # from a row to its candidate: "claim__candidate"; a column of numbers of candidates also leads there
    without: tuple[str, ...] = ()  # columns that are not given: what only staff may know, secrets, the files themselves
    where: Q = field(default_factory=Q)

    @property
    def of(self) -> type[models.Model]:
        return apps.get_model(self.model)

    def rows(self, candidate_id: int) -> models.QuerySet[Any]:
        """The rows about one candidate, in the order in which they were written."""
        several = "__" not in self.path and isinstance(self.of._meta.get_field(self.path), ArrayField)
        lookup = {f"{self.path}__contains": [candidate_id]} if several else {self.path: candidate_id}
        return self.of._default_manager.filter(self.where, **lookup).order_by("pk")


@dataclass(frozen=True, slots=True)
class Area:
    """Parts that belong together, under the name of their file."""

    name: str
    parts: tuple[Part, ...]


def as_json(part: Part, candidate_id: int, *, personal: Collection[type[models.Model]]) -> Iterator[dict[str, Any]]:
    """The rows of a part, each by the names of its columns.

    What a row refers to is told by its name, unless that is personal itself: then by its number, which is that of a row
    of another part or, for staff, tells nobody's name.
    """
    fields = [each for each in part.of._meta.concrete_fields if each.name not in part.without]
    many = [each for each in part.of._meta.many_to_many if each.name not in part.without]
    named = [each for each in fields if each.is_relation and _has_a_name(each.related_model, personal)]
    rows = part.rows(candidate_id).select_related(*(each.name for each in named))
    for row in rows.prefetch_related(*(each.name for each in many)):
        values: dict[str, Any] = {
            each.name: _named(getattr(row, each.name)) if each in named else each.value_from_object(row)
            for each in fields
        }
        for each in many:
            others = getattr(row, each.name).all()
            by_name = _has_a_name(each.related_model, personal)
            values[each.name] = [str(other) if by_name else other.pk for other in others]
        yield values


def _has_a_name(model: Any, personal: Collection[type[models.Model]]) -> bool:
    return model is not apps.get_model(settings.AUTH_USER_MODEL) and model not in personal


def _named(row: models.Model | None) -> str | None:
    return None if row is None else str(row)
