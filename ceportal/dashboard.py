"""The administration's first page: where the programme stands, and what needs a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from candidates import queries as candidates_queries
from candidates.models import Case, Certification, Sanction, Track
from catalog.models import Proposal
from ceportal.kernel import clock
from ceportal.kernel.calendar import add_months
from ceportal.kernel.models import Delivery
from credits.models import Appeal, Audit, Claim, Recertification, ScanImport
from exams.desk_queries import rereads_overdue, results_overdue
from payments.amounts import amount_text
from payments.models import Payment, Refund, StripeEvent

MONTHS = 12
OPEN = "status__exact=open"
LAPSE_HORIZONS_DAYS = (30, 60, 90)
EVENT_LATE_AFTER = timedelta(minutes=15)  # the sweep should have taken it up by then
CHART_HEIGHT = 120
COLUMN_WIDTH = 48


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for a person: how many, and where to go."""

    words: Any  # as ngettext_lazy gives them, without their number
    count: int
    url: str

    @property
    def title(self) -> str:
        return str(self.words % self.count)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart, in the units of its SVG; `short` stands over it, `text` says it in full."""

    label: str
    text: str
    short: str
    amount: int
    x: int
    y: int
    height: int
    late: bool = False

    @property
    def middle(self) -> int:
        return self.x + COLUMN_WIDTH // 2


def show(_request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the first page shows, added to unfold's context."""
    now = clock.now()
    day = clock.day_of(now)
    revenue, taken = revenue_by_month(day)
    return context | {
        "day": day,
        "tasks": [task for task in tasks(now, day) if task.count],
        "claims": claims_by_age(day),
        "claims_url": reverse("admin:credits_claim_changelist") + "?status__exact=submitted",
        "renewals": renewals_by_level(day),
        "renewals_url": reverse("admin:credits_recertification_changelist"),
        "lapses": lapses_coming(day),
        "lapses_url": reverse("admin:candidates_certification_changelist") + "?status__exact=active",
        "revenue": revenue,
        "revenue_total": amount_text(taken),
        "chart": {"height": CHART_HEIGHT, "column": COLUMN_WIDTH},
    }


def tasks(now: datetime, day: date) -> list[Task]:
    """What a person should look at; those with nothing to do count zero."""
    return [*_to_be_decided(), *_late(day), *_gone_wrong(now)]


def _changelist(name: str, query: str) -> str:
    return f"{reverse(f'admin:{name}_changelist')}?{query}"


def _to_be_decided() -> list[Task]:
    appealed = Q(status=Sanction.Status.RUNNING, appealed_at__isnull=False, appeal_outcome="")
    sanctions = Sanction.objects.aggregate(
        proposed=Count("id", filter=Q(status=Sanction.Status.PROPOSED)), appealed=Count("id", filter=appealed)
    )
    return [
        Task(
            ngettext_lazy("open case", "open cases"),
            Case.objects.filter(status=Case.Status.OPEN).count(),
            _changelist("candidates_case", OPEN),
        ),
        Task(
            ngettext_lazy("sanction that waits for a second signature", "sanctions that wait for a second signature"),
            sanctions["proposed"],
            _changelist("candidates_sanction", "status__exact=proposed"),
        ),
        Task(
            ngettext_lazy("appeal against a sanction", "appeals against sanctions"),
            sanctions["appealed"],
            _changelist("candidates_sanction", "status__exact=running&appealed_at__isempty=0&appeal_outcome__exact="),
        ),
        Task(
            ngettext_lazy("open appeal", "open appeals"),
            Appeal.objects.filter(status=Appeal.Status.OPEN).count(),
            _changelist("credits_appeal", OPEN),
        ),
        Task(
            ngettext_lazy("open audit", "open audits"),
            Audit.objects.filter(status=Audit.Status.OPEN).count(),
            _changelist("credits_audit", OPEN),
        ),
        Task(
            ngettext_lazy("proposal for the board", "proposals for the board"),
            Proposal.objects.filter(status=Proposal.Status.OPEN).count(),
            _changelist("catalog_proposal", OPEN),
        ),
    ]


def _late(day: date) -> list[Task]:
    return [
        Task(
            ngettext_lazy("claim past the promised day", "claims past the promised day"),
            Claim.objects.filter(status=Claim.Status.SUBMITTED, answer_due_on__lt=day).count(),
            _changelist("credits_claim", f"status__exact=submitted&answer_due_on__lt={day}"),
        ),
        Task(
            ngettext_lazy("lab result awaited longer than promised", "lab results awaited longer than promised"),
            results_overdue(day).count(),
            _changelist("exams_booking", "result=overdue"),
        ),
        Task(
            ngettext_lazy("re-read awaited longer than promised", "re-reads awaited longer than promised"),
            rereads_overdue(day).count(),
            _changelist("exams_reread", f"status__exact=paid&due_on__lt={day}"),
        ),
    ]


def _gone_wrong(now: datetime) -> list[Task]:
    return [
        Task(
            ngettext_lazy("delivery that failed for good", "deliveries that failed for good"),
            Delivery.objects.filter(status=Delivery.Status.FAILED).count(),
            _changelist("kernel_delivery", "status__exact=failed"),
        ),
        Task(
            ngettext_lazy("import of badge scans that failed", "imports of badge scans that failed"),
            ScanImport.objects.filter(status=ScanImport.Status.FAILED).count(),
            _changelist("credits_scanimport", "status__exact=failed"),
        ),
        Task(
            ngettext_lazy("address that mail comes back from", "addresses that mail comes back from"),
            candidates_queries.troubled_candidates().count(),
            _changelist("candidates_candidate", "address=troubled"),
        ),
        Task(
            ngettext_lazy(
                "message of the card service not followed up", "messages of the card service not followed up"
            ),
            StripeEvent.objects.filter(processed_at=None, received_at__lt=now - EVENT_LATE_AFTER).count(),
            _changelist("payments_stripeevent", "processed_at__isempty=1"),
        ),
        Task(
            ngettext_lazy("refund that failed", "refunds that failed"),
            Refund.objects.filter(status=Refund.Status.FAILED).count(),
            _changelist("payments_refund", "status__exact=failed"),
        ),
    ]


def claims_by_age(day: date) -> list[Bar]:
    """Waiting claims by the days until the promised answer, the overdue first."""
    due = Claim.objects.filter(status=Claim.Status.SUBMITTED).aggregate(
        overdue=Count("id", filter=Q(answer_due_on__lt=day)),
        three=Count("id", filter=Q(answer_due_on__gte=day, answer_due_on__lt=day + timedelta(days=3))),
        week=Count(
            "id", filter=Q(answer_due_on__gte=day + timedelta(days=3), answer_due_on__lt=day + timedelta(days=7))
        ),
        later=Count("id", filter=Q(answer_due_on__gte=day + timedelta(days=7))),
    )
    return _bars(
        [
            _counted(_("overdue"), due["overdue"]),
            _counted(_("< 3 days"), due["three"]),
            _counted(_("< 7 days"), due["week"]),
            _counted(_("later"), due["later"]),
        ],
        late_first=True,
    )


def renewals_by_level(day: date) -> list[tuple[str, int]]:
    """The renewals made this month, by level."""
    start = clock.at(day.replace(day=1), 0)
    made = Recertification.objects.filter(made_at__gte=start).values_list("level").annotate(count=Count("id"))
    labels = dict(Track.Level.choices)
    return [(str(labels.get(level, level)), count) for level, count in made.order_by("level")]


def lapses_coming(day: date) -> list[Bar]:
    """Active certifications whose active period ends within so many days."""
    ends = {
        f"within_{days}": Count("id", filter=Q(active_ends_on__lte=day + timedelta(days=days)))
        for days in LAPSE_HORIZONS_DAYS
    }
    coming = Certification.objects.filter(status=Certification.Status.ACTIVE, active_ends_on__gt=day).aggregate(**ends)
    return _bars(
        [_counted(_("%(days)s days") % {"days": days}, coming[f"within_{days}"]) for days in LAPSE_HORIZONS_DAYS]
    )


def revenue_by_month(day: date) -> tuple[list[Bar], int]:
    """What was taken less what was given back in each of the last months, and the sum; in cents."""
    zone = ZoneInfo(settings.PROGRAMME_TIME_ZONE)
    first = add_months(day.replace(day=1), 1 - MONTHS)
    start = clock.at(first, 0)
    taken = (
        Payment.objects.filter(status__in=[Payment.Status.SUCCEEDED, Payment.Status.SURPLUS], paid_at__gte=start)
        .values_list(TruncMonth("paid_at", tzinfo=zone))
        .annotate(cents=Sum("amount_cents"))
    )
    returned = (
        Refund.objects.filter(status=Refund.Status.SUCCEEDED, done_at__gte=start)
        .values_list(TruncMonth("done_at", tzinfo=zone))
        .annotate(cents=Sum("amount_cents"))
    )
    months = {add_months(first, number): 0 for number in range(MONTHS)}
    for sign, sums in ((1, taken), (-1, returned)):
        for month, cents in sums:
            months[month.date()] += sign * cents
    return _bars([_earned(month, cents) for month, cents in months.items()]), sum(months.values())


@dataclass(frozen=True, slots=True)
class Amount:
    """What a bar stands for."""

    label: str
    amount: int
    text: str
    short: str


def _counted(label: str, count: int) -> Amount:
    return Amount(label, count, f"{label}: {count}", str(count))


def _earned(month: date, cents: int) -> Amount:
    text = f"{date_format(month, 'YEAR_MONTH_FORMAT')}: {amount_text(cents)}"
    short = number_format(round(cents / 100), force_grouping=True) if cents else ""
    return Amount(date_format(month, "M"), cents, text, short)


def _bars(amounts: Sequence[Amount], *, late_first: bool = False) -> list[Bar]:
    highest = max((each.amount for each in amounts), default=0) or 1
    bars = []
    for position, each in enumerate(amounts):
        height = round(CHART_HEIGHT * max(each.amount, 0) / highest)
        bars.append(
            Bar(
                label=each.label,
                text=each.text,
                short=each.short,
                amount=each.amount,
                x=position * COLUMN_WIDTH,
                y=CHART_HEIGHT - height,
                height=height,
                late=late_first and position == 0,
            )
        )
    return bars
