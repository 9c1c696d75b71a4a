"""What every page knows: who is signed in, where they can go, and whether this is the demonstration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from ceportal import people
from ceportal.demo.logins import DEMO_LOGINS
from ceportal.kernel import clock


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the main navigation."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Navigation:
    """The main navigation, and the name of who is signed in."""

    items: tuple[NavigationItem, ...]
    person: str
    account_items: tuple[NavigationItem, ...] = ()  # what is about the person, in the menu under the name


def portal(request: HttpRequest) -> dict[str, Any]:
    """Context for every template."""
    return {
        "nav": SimpleLazyObject(lambda: _navigation(request)),
        "demo": settings.DEMO,
        "demo_logins": DEMO_LOGINS if settings.DEMO else (),
        "portal_day": SimpleLazyObject(lambda: clock.day_of(clock.now())),
    }


def _navigation(request: HttpRequest) -> Navigation:
    def item(label: str, name: str) -> NavigationItem:
        url = reverse(name)
        return NavigationItem(label, url, request.path == url or (url != "/" and request.path.startswith(url)))

    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Navigation((item(_("Catalog"), "catalog:item_list"), item(_("Policy"), "policy:book")), "")
    items = []
    account: tuple[NavigationItem, ...] = ()
    roles = people.roles_of(user)
    if roles.candidate or not (roles.member or roles.proctor or user.is_staff):
        items += [item(_("Dashboard"), "credits:dashboard"), item(_("Credits"), "credits:ledger")]
        items += [item(_("Claims"), "credits:claim_list"), item(_("Payments"), "payments:invoice_list")]
    if roles.member:
        items += [item(_("Review queue"), "credits:review_queue")]
    if roles.proctor:
        items += [item(_("Desk"), "exams:desk")]
    items += [item(_("Catalog"), "catalog:item_list"), item(_("Policy"), "policy:book")]
    if user.is_staff:
        items += [item(_("Administration"), "admin:index")]
    if roles.candidate:
        account = (item(_("Notices"), "candidates:notice_list"), item(_("Contact"), "candidates:profile"))
    return Navigation(tuple(items), user.get_short_name(), account)
