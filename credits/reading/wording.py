"""Paths, credits and days as people say them: "40 credits and one concentration exam", "in 12 days"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.humanize.templatetags.humanize import apnumber
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def credits_text(amount: int) -> str:
    """An amount of credits: "80 credits"."""
    return ngettext("%(amount)s credit", "%(amount)s credits", amount) % {"amount": amount}


def exams_text(kind: str, count: int) -> str:
    """Exams of one kind: "two concentration exams"."""
    words = {
        "associate": ngettext("%(count)s associate exam", "%(count)s associate exams", count),
        "concentration": ngettext("%(count)s concentration exam", "%(count)s concentration exams", count),
        "core": ngettext("%(count)s core exam", "%(count)s core exams", count),
        "expert_written": ngettext("%(count)s expert written exam", "%(count)s expert written exams", count),
        "expert_lab": ngettext(
            "%(count)s expert lab or practical exam", "%(count)s expert lab or practical exams", count
        ),
    }
    # A kind that the book comes to know later is named as the book names it.
    other = ngettext("%(count)s exam (%(kind)s)", "%(count)s exams (%(kind)s)", count)
    return words.get(kind, other) % {"count": apnumber(count), "kind": kind}


def requirements_text(*, credits: int, exams: Mapping[str, int], fee: bool) -> str:
    """What a path takes, or what is left of it, in one line; empty where nothing is."""
    parts = [credits_text(credits)] if credits else []
    parts += [exams_text(kind, count) for kind, count in exams.items()]
    if fee:
        parts.append(_("the administrative fee"))
    return get_text_list(parts, _("and"))


def path_text(path: Mapping[str, Any]) -> str:
    """A path of the policy book: "120 credits and the administrative fee"."""
    return requirements_text(
        credits=path.get("credits", 0), exams=path.get("exams", {}), fee=bool(path.get("fee", False))
    )
