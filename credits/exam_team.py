"""Who is of the exam team: staff who may see, or report, its records in the administration (CE-10)."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from credits.models import AuthoredItems, Workshop

EXAM_TEAM = "exam-team"  # the code for which its programs act


def may(person: Any, act: str, about: type[Model]) -> bool:
    """Whether somebody may do this with the team's records of a kind: "view" or "add" them."""
    return bool(person.is_staff and person.has_perm(f"{about._meta.app_label}.{act}_{about._meta.model_name}"))


def may_look(person: Any) -> bool:
    """Whether somebody may look at all of the team's records, which its feed does not tell apart."""
    return may(person, "view", AuthoredItems) and may(person, "view", Workshop)
