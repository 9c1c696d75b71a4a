"""What every page knows: who is signed in, where they can go, and whether this is the demonstration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from catalog.access import is_manager
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
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        open_to_all = [(_("Catalog"), "catalog:item_list"), (_("Policy"), "policy:book"), (_("Verify"), "verify")]
        return Navigation(_entries(request, open_to_all), "")
    items: list[tuple[str, str]] = []
    account: list[tuple[str, str]] = []
    roles = people.roles_of(user)
    if roles.candidate:
        items += [(_("Dashboard"), "credits:dashboard"), (_("Credits"), "credits:ledger")]
        items += [(_("Claims"), "credits:claim_list"), (_("Exams"), "exams:overview")]
        items += [(_("Labs"), "exams:labs"), (_("Payments"), "payments:invoice_list")]
        account += [(_("Emeritus"), "emeritus:page")]
        account += [(_("Notices"), "candidates:notice_list"), (_("Contact"), "candidates:profile")]
        account += [(_("Standing"), "candidates:standing"), (_("Agreements"), "candidates:agreements")]
        account += [(_("Verification links"), "candidates:sharing"), (_("Your data"), "candidates:privacy")]
        account += [(_("Tokens for programs"), "candidates:tokens")]
    elif not (roles.member or roles.proctor or roles.partner or user.is_staff):
        items += [(_("Connect your record"), "candidates:link")]
    if roles.member:
        items += [(_("Review queue"), "credits:review_queue"), (_("Report"), "credits:report_completion")]
        items += [(_("Rosters"), "credits:roster_list"), (_("Deliveries"), "credits:deliveries")]
        items += [(_("Proposals"), "provider:proposal_list")]
        if is_manager(roles.member):
            account += [(_("Members"), "provider:member_list")]
    if roles.proctor:
        items += [(_("Desk"), "exams:desk")]
    if roles.partner:
        items += [(_("Partner"), "partner:people")]
    items += [(_("Catalog"), "catalog:item_list"), (_("Policy"), "policy:book")]
    if user.is_staff:
        items += [(_("Administration"), "admin:index")]
    return Navigation(_entries(request, items), user.get_short_name(), _entries(request, account))


def _entries(request: HttpRequest, items: list[tuple[str, str]]) -> tuple[NavigationItem, ...]:
    """The entries; current is the one whose address the page's begins with, of several the longest."""
    found = [(label, reverse(name)) for label, name in items]
    current = max((url for _label, url in found if request.path.startswith(url)), key=len, default="")
    return tuple(NavigationItem(label, url, url == current) for label, url in found)
