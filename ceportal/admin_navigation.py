"""The frame of the administration: its navigation by area, and its stylesheet. Settings import UNFOLD from here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

# Paths, since what they name needs the apps, and settings come before those.
UNFOLD = {
    "SITE_TITLE": "CE Portal",
    "SITE_HEADER": "CE Portal",
    "SITE_SYMBOL": "workspace_premium",
    "STYLES": ["ceportal.admin_navigation.stylesheet"],
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "ceportal.admin_navigation.navigation",
    },
    "GLOBAL_CALLBACK": "ceportal.admin_navigation.without_inline_colors",
    "DASHBOARD_CALLBACK": "ceportal.dashboard.show",
}


# Each area with its lists: their names, symbols and models.
AREAS: tuple[Any, ...] = (
    (
        _("People"),
        (_("Candidates"), "person", "candidates.candidate"),
        (_("Certifications"), "workspace_premium", "candidates.certification"),
        (_("Cases"), "balance", "candidates.case"),
        (_("Tips"), "visibility_off", "candidates.tip"),
        (_("Sanctions"), "gavel", "candidates.sanction"),
        (_("Guardians"), "family_restroom", "candidates.guardianconsent"),
        (_("Guardians asked"), "forward_to_inbox", "candidates.guardianrequest"),
        (_("Residence"), "home_pin", "candidates.residenceproof"),
        (_("Affiliations"), "handshake", "candidates.affiliation"),
        (_("Partners"), "corporate_fare", "candidates.channelpartner"),
        (_("Partners' members"), "badge", "candidates.partnermember"),
        (_("Notices"), "mail", "candidates.notice"),
        (_("Wordings of messages"), "translate", "candidates.wordingreview"),
        (_("Acceptances"), "signature", "candidates.acceptance"),
        (_("Badges"), "verified", "candidates.badge"),
        (_("Verification links"), "link", "candidates.verificationlink"),
        (_("Data requests"), "privacy_tip", "candidates.datarequest"),
        (_("Emeritus"), "military_tech", "emeritus.emeritusrecord"),
        (_("Emeritus bought"), "shopping_bag", "emeritus.emerituspurchase"),
        (_("Emeritus windows"), "campaign", "emeritus.windowtold"),
    ),
    (
        _("Credits"),
        (_("Claims"), "assignment", "credits.claim"),
        (_("Audits"), "policy", "credits.audit"),
        (_("Appeals"), "balance", "credits.appeal"),
        (_("Receipts"), "receipt", "credits.receipt"),
        (_("Reports"), "fact_check", "credits.completionreport"),
        (_("Rosters"), "table_chart", "credits.roster"),
        (_("Attendances"), "badge", "credits.attendance"),
        (_("Badge scans"), "qr_code_scanner", "credits.scanimport"),
        (_("Exam items"), "edit_note", "credits.authoreditems"),
        (_("Workshops"), "co_present", "credits.workshop"),
        (_("Renewals"), "autorenew", "credits.recertification"),
        (_("Ledger"), "account_balance_wallet", "credits.entry"),
        (_("Grants"), "token", "credits.grant"),
        (_("Seals"), "lock", "credits.seal"),
        (_("Cycles"), "cycle", "credits.cycle"),
        (_("Enrollments"), "how_to_reg", "credits.enrollment"),
    ),
    (
        _("Catalog"),
        (_("Items"), "school", "catalog.item"),
        (_("Board reviews"), "groups", "catalog.boardreview"),
        (_("Proposals"), "lightbulb", "catalog.proposal"),
        (_("Board decisions"), "gavel", "catalog.boarddecision"),
        (_("Equivalents"), "difference", "catalog.equivalence"),
        (_("Providers"), "apartment", "catalog.provider"),
        (_("Members"), "badge", "catalog.providermember"),
        (_("Authorisations"), "verified_user", "catalog.authorisation"),
        (_("Deliveries"), "event", "catalog.delivery"),
        (_("Events"), "festival", "catalog.gathering"),
        (_("Sessions"), "co_present", "catalog.session"),
    ),
    (
        _("Exams"),
        (_("Results"), "grading", "exams.attempt"),
        (_("Exams"), "quiz", "exams.exam"),
        (_("Links to results"), "link", "exams.resultlink"),
    ),
    (
        _("Labs"),
        (_("Bookings"), "event_seat", "exams.booking"),
        (_("Changes"), "event_repeat", "exams.reschedule"),
        (_("Waiting list"), "hourglass_top", "exams.waitingwish"),
        (_("Sittings"), "calendar_month", "exams.sitting"),
        (_("Arrivals"), "how_to_reg", "exams.checkin"),
        (_("Log"), "history_edu", "exams.logentry"),
        (_("Incidents"), "report", "exams.incident"),
        (_("Remedies"), "healing", "exams.remedy"),
        (_("Re-reads"), "rate_review", "exams.reread"),
        (_("Sites"), "location_on", "exams.site"),
        (_("Weekly patterns"), "date_range", "exams.sittingpattern"),
        (_("Closures"), "event_busy", "exams.closure"),
        (_("Site prices"), "sell", "exams.siteprice"),
        (_("Proctors"), "supervisor_account", "exams.sitemember"),
    ),
    (
        _("Money"),
        (_("Orders"), "receipt_long", "payments.order"),
        (_("Payments"), "credit_card", "payments.payment"),
        (_("Refunds"), "currency_exchange", "payments.refund"),
        (_("Disputes"), "gavel", "payments.dispute"),
        (_("Vouchers"), "confirmation_number", "payments.voucher"),
        (_("Invoices"), "description", "payments.invoice"),
        (_("Credit notes"), "receipt", "payments.creditnote"),
        (_("Transfers"), "swap_horiz", "payments.transfer"),
        (_("Reconciliation"), "balance", "payments.reconciliation"),
        (_("Money that differs"), "difference", "payments.reconciliationdifference"),
        (_("Card service messages"), "inbox", "payments.stripeevent"),
    ),
    (
        _("Portal"),
        (_("Events"), "rss_feed", "kernel.event"),
        (_("Deliveries to others"), "outbox", "kernel.delivery"),
        (_("Programs of partners"), "integration_instructions", "partner_api.application"),
        (_("Credentials of programs"), "key", "partner_api.credential"),
        (_("Calls to the API"), "api", "partner_api.call"),
        (_("Bulks handed in"), "stacks", "partner_api.job"),
        (_("Entries of the feed"), "dynamic_feed", "partner_api.feedentry"),
        (_("Webhooks"), "webhook", "partner_api.webhook"),
        (_("Messages to webhooks"), "send", "partner_api.webhookdelivery"),
        (_("Accesses by staff"), "visibility", "candidates.staffaccess"),
        (_("Files to remove"), "delete", "kernel.filetoremove"),
        (_("Nights"), "bedtime", "kernel.nightlyrun"),
        (_("Logins"), "login", "candidates.user"),
        (_("Agreements"), "contract", "candidates.agreement"),
        (_("Agreements translated"), "translate", "candidates.agreementtranslation"),
        (_("Tracks"), "route", "candidates.track"),
    ),
)


def _entry(title: str, icon: str, model: str, request: HttpRequest) -> dict[str, Any]:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse(f"admin:{app}_{name}_changelist"),
        "permission": lambda _request: request.user.has_perm(f"{app}.view_{name}"),
    }


def _area(title: str, entries: Sequence[tuple[str, str, str]], request: HttpRequest) -> dict[str, Any]:
    items = [_entry(*entry, request) for entry in entries]
    return {"title": title, "separator": True, "collapsible": False, "items": items}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar, area by area; what someone may not see is not offered."""
    dashboard = {"title": _("Dashboard"), "icon": "dashboard", "link": reverse("admin:index")}
    policy = {"title": _("Policy book"), "icon": "menu_book", "link": reverse("policy:book")}
    return [{"items": [dashboard, policy]}, *(_area(title, entries, request) for title, *entries in AREAS)]


def stylesheet(_request: HttpRequest) -> str:
    """The colours, and the look of decisions and of the dashboard."""
    return static("staff/staff.css")


def without_inline_colors(_request: HttpRequest) -> dict[str, Any]:
    """Unfold would write its colours into an inline stylesheet, which the Content-Security-Policy forbids."""
    return {"colors": None}
