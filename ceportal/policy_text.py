"""The policy book in words: a parameter's value as lines that a person can read, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from candidates.models import Certification, Track
from ceportal.kernel.money import CURRENCY
from ceportal.kernel.policy import thawed
from credits.reading.wording import path_text
from emeritus.models import EmeritusRecord
from exams.models import Site

LABELS: Mapping[str, Any] = {
    **dict(Track.Level.choices),
    **dict(Certification.Status.choices),
    **dict(Site.Kind.choices),
    **dict(EmeritusRecord.Route.choices),
    "default": _("all others"),
    "anniversary": _("the new term starts when the running active period ends"),
    "met_on": _("the new term starts on the day the last requirement was met"),
    "retroactive": _("still counts, as of the completion date"),
    "lost": _("is lost"),
    "breakout": _("Technical breakout or DevNet workshop"),
    "lab": _("Instructor-led lab"),
    "seminar_4h": _("Seminar of up to four hours"),
    "seminar_8h": _("Seminar of more than four hours"),
    "flag": _("Marked capture-the-flag mission"),
    "expert_lab_performance": _("Performance item, expert lab"),
    "core_or_specialist_performance": _("Performance item, technology core or specialist"),
    "associate_performance": _("Performance item, associate"),
    "core": _("Item, technology core"),
    "mobile_byod": _("Mobile, own computer"),
    "mobile_kit": _("Mobile, with a kit"),
}
ITEM_LABELS: Mapping[str, Any] = {
    "specialist": _("Item, specialist"),
    "associate": _("Item, associate"),
}
# What a number counts, by the last words of its parameter's name.
UNITS: tuple[tuple[str, Callable[[int], str]], ...] = (
    ("_days", lambda number: ngettext("%(number)s day", "%(number)s days", number)),
    ("_months", lambda number: ngettext("%(number)s month", "%(number)s months", number)),
    ("years", lambda number: ngettext("%(number)s year", "%(number)s years", number)),
    ("_hours", lambda number: ngettext("%(number)s hour", "%(number)s hours", number)),
    ("_minutes", lambda number: ngettext("%(number)s minute", "%(number)s minutes", number)),
    ("age.minimum", lambda number: ngettext("%(number)s year", "%(number)s years", number)),
    ("age.adult", lambda number: ngettext("%(number)s year", "%(number)s years", number)),
    ("age.minimum_by_country", lambda number: ngettext("%(number)s year", "%(number)s years", number)),
    ("credits", lambda number: ngettext("%(number)s credit", "%(number)s credits", number)),
    ("cycle_cap", lambda number: ngettext("%(number)s credit", "%(number)s credits", number)),
    ("fee", lambda _number: gettext("%(number)s %(currency)s before tax")),
    ("tax.rates", lambda _number: gettext("%(number)s percent")),
)
PATHS = {"recert.paths", "emeritus.return_paths"}
FOR_LIFE = {"cert.active_months"}
LEVELED = {"live.credits"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a value: what it is for (empty where there is only one), and what it says."""

    label: str
    texts: tuple[str, ...]


def lines(name: str, value: Any) -> tuple[Line, ...]:
    """A parameter's value, line by line."""
    if isinstance(value, Mapping):
        found = tuple(Line(_label(name, key), _texts(name, each)) for key, each in value.items())
        return found or (Line("", (gettext("none"),)),)
    return (Line("", _texts(name, value)),)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if name in PATHS:
        return tuple(path_text(path) for path in value)
    if name in LEVELED:
        levels = zip((1000, 2000, 3000), value, strict=True)
        return tuple(
            gettext("level %(level)s: %(text)s") % {"level": level, "text": _text(name, each)} for level, each in levels
        )
    if isinstance(value, tuple | list):
        return (", ".join(_text(name, each) for each in value) or gettext("none"),)
    return (_text(name, value),)


def _text(name: str, value: Any) -> str:
    if value is None:
        return gettext("for life") if name in FOR_LIFE else gettext("no such rule")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, str):
        return str(LABELS.get(value, value))
    if name == "live.min_attendance":
        return gettext("%(number)s percent of the session") % {"number": number_format(round(value * 100))}
    for ending, unit in UNITS:
        if name.endswith(ending):
            return unit(value) % {"number": number_format(value, force_grouping=True), "currency": CURRENCY}
    return str(thawed(value))


def _label(name: str, key: str) -> str:
    if name == "xdev.item_credits" and key in ITEM_LABELS:
        return str(ITEM_LABELS[key])
    return str(LABELS.get(key, key))
