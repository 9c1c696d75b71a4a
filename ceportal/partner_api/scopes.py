"""What a caller may be allowed: scopes by kind of partner, and those of a person's own tokens."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PROVIDER, TEST_PARTNER, ORGANISER, VERIFIER = "provider", "test_partner", "organiser", "verifier"

OF_PARTNERS: Mapping[str, Mapping[str, str | Promise]] = {
    PROVIDER: {
        "catalog:read": _("Read the provider's items and authorisations, and what became of its proposals."),
        "catalog:propose": _("Propose trainings to the board, and take proposals back."),
        "deliveries:read": _("Read the provider's deliveries."),
        "deliveries:write": _("Schedule and cancel the provider's deliveries."),
        "rosters:read": _("Read the provider's rosters, and what became of each line."),
        "rosters:write": _("Hand in rosters of the provider's deliveries, which are reported."),
        "claims:read": _("Read the claims made to the provider, with their evidence."),
        "claims:decide": _("Approve, return or reject the claims made to the provider."),
    },
    TEST_PARTNER: {
        "eligibility:read": _("Ask whether a candidate may sit an exam on a day."),
        "results:read": _("Read the results that this test partner reported."),
        "results:write": _("Report results and correct them."),
    },
    ORGANISER: {
        "gatherings:read": _("Read the organiser's events and their sessions."),
        "schedules:write": _("Hand in the schedule of an event."),
        "scans:write": _("Report badge scans of an event."),
        "scans:read": _("Read what the badge scans of the organiser's events came to."),
        "authored-items:read": _("Read the exam items and workshops on record; the exam team's programs only."),
        "authored-items:write": _("Report accepted exam items and workshops; the exam team's programs only."),
    },
    VERIFIER: {
        "statuses:read": _("Verify certifications: by their number and holder, or by links that holders share."),
        "affiliations:read": _("Read who is associated with the channel partner, or asks to be."),
    },
}
OF_ALL_PARTNERS: Mapping[str, str | Promise] = {
    "events:read": _("Read what happened, of all that the other scopes show, again from any point."),
    "jobs:read": _("See how far the bulks handed in are, and what became of each row."),
    "webhooks:read": _("Read the program's webhooks and what was delivered to them."),
    "webhooks:write": _("Have what happens delivered to an address, and change or end that."),
}
OF_CANDIDATES: Mapping[str, str | Promise] = {
    "me:certifications": _("Read your certifications."),
    "me:credits": _("Read your credits."),
    "me:claims": _("Read your claims."),
    "me:exams": _("Read your exam results, and ask which exams you may sit."),
    "me:bookings": _("Read your lab bookings."),
    "me:events": _("Read what happened, of all that your other scopes show, again from any point."),
}
ALL: Mapping[str, str | Promise] = {
    name: words for group in (*OF_PARTNERS.values(), OF_ALL_PARTNERS, OF_CANDIDATES) for name, words in group.items()
}


def of_kind(kind: str) -> frozenset[str]:
    """The scopes that a partner of a kind can be given. KeyError for an unknown kind."""
    return frozenset(OF_PARTNERS[kind]) | frozenset(OF_ALL_PARTNERS)
