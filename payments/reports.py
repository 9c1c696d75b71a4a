"""Reports of a period from the transfers: read in one query, shown in the administration and as CSV (PAY-04)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Case, Sum, Value, When
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from ceportal.kernel import clock
from payments.models import Transfer
from payments.report_rules import REPORTS, Moved, Table, table


def reports(*, first: date, last: date) -> tuple[Table, ...]:
    """The tables of what moved from a day to a day, both whole, in the programme's time zone."""
    start, end = bounds(first, last)
    zone = ZoneInfo(settings.PROGRAMME_TIME_ZONE)
    sums = (
        Transfer.objects.filter(moved_at__gte=start, moved_at__lt=end)
        .annotate(
            month=TruncMonth("moved_at", tzinfo=zone),
            takes_back=Case(When(reverses__isnull=True, then=Value(False)), default=Value(True)),
        )
        .values("month", "debit", "credit", "cause", "takes_back", "currency")
        .annotate(cents=Sum("amount_cents"))
        .order_by()
    )
    moved = [Moved(**(each | {"month": each["month"].date()})) for each in sums]
    return tuple(table(report, moved) for report in REPORTS)


def bounds(first: date, last: date) -> tuple[datetime, datetime]:
    """The moments between which a period lies, the second one not in it."""
    return clock.at(first, 0), clock.at(last + timedelta(days=1), 0)


def as_csv(filled: Table, *, first: date, last: date) -> Iterator[str]:
    """A table as lines of CSV: the period in every row, amounts in cents and as they are read."""
    labels = [_(label) for label in filled.report.labels]
    amounts = [words for amount in filled.report.amounts for words in (_("%s (cents)") % _(amount), _(amount))]
    yield _line([_("From"), _("To"), *labels, _("Currency"), *amounts])
    for row in filled.rows:
        figures = [figure for cents in row.cents for figure in (str(cents), f"{Decimal(cents) / 100:.2f}")]
        yield _line([first.isoformat(), last.isoformat(), *row.about, row.currency, *figures])


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
