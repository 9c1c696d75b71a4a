"""What pages of every app share: the request they may get, the field of a day, and how a page says no."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_htmx.middleware import HtmxDetails

UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY  # what was sent cannot be done as it is; the page says why
CONFLICT = HTTPStatus.CONFLICT  # what was sent is in order; the rules say no to it as things stand


View = TypeVar("View", bound=Callable[..., Any])


def translated(view: View) -> View:
    """Let a page speak its reader's language: all of it is translated. The outermost decorator of a view."""
    view.speaks_every_language = True  # type: ignore[attr-defined]  # read by ceportal.languages
    return view


class PageRequest(HttpRequest):
    """A request that may come from htmx."""

    htmx: HtmxDetails


class DayField(forms.DateField):
    """A day, by the browser's date control; typed as year-month-day where there is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            error_messages={"invalid": _("This is not a day. Write it as year-month-day, for example 2021-05-30.")},
            **kwargs,
        )
