"""A provider's rosters as they are read: the list, one roster with its lines, and the same as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.paginator import Paginator
from django.db.models import Aggregate, Count, Q, QuerySet, Sum
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Provider
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import ReadableFinding, explain, explain_finding
from ceportal.kernel.sheets import BYTES_AT_MOST, LINES_AT_MOST, MEGABYTES_AT_MOST
from credits.files import spreadsheets
from credits.models import Roster, RosterRow
from credits.reading.claim_reading import Tab
from credits.rules.rosters import COLUMNS, Problem

ROSTERS_PER_PAGE = 20
LINES_PER_PAGE = 50
ACCEPT = ".csv,.xlsx"
Outcome = RosterRow.Outcome
AT_WORK = frozenset({Roster.Status.CHECKING, Roster.Status.REPORTING})
# The hue of each status and outcome (static/css/components.css).
HUES = {
    "checking": "processing",
    "checked": "draft",
    "reporting": "processing",
    "reported": "completed",
    "discarded": "withdrawn",
    "earns": "earned",
    "approves": "approved",
    "counted": "closed",
    "refused": "refused",
}


class RosterForm(forms.Form):
    """A file to be looked at."""

    use_required_attribute = False

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    file = forms.FileField(
        label=gettext_lazy("Roster"),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
        error_messages={
            "required": gettext_lazy("Choose the file with the roster."),
            "empty": gettext_lazy("This file is empty. Choose another one."),
        },
    )

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, initial={"form_key": uuid4()})

    def content(self) -> bytes:
        """The file, read no further than it takes to see that it is too large."""
        content: bytes = self.cleaned_data["file"].read(BYTES_AT_MOST + 1)
        return content

    def complain(self, decision: Decision) -> None:
        """Say beside the file why it cannot be read."""
        for each in explain(decision).unmet:
            self.add_error("file", f"{each.text} {each.next_step_text}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the file field says before anything is sent; the server decides."""

    accept: str = ACCEPT
    max_bytes: int = BYTES_AT_MOST
    max_megabytes: int = MEGABYTES_AT_MOST
    max_lines: int = LINES_AT_MOST


def rosters_of(provider: Provider) -> QuerySet[Roster]:
    """A provider's rosters, the latest first."""
    return Roster.objects.filter(provider=provider).select_related("uploaded_by__user", "reported_by__user")


def list_page(provider: Provider, query: QueryDict, form: RosterForm) -> dict[str, Any]:
    """A page of the provider's rosters, and the form for another."""
    paginator = Paginator(rosters_of(provider), ROSTERS_PER_PAGE)
    page = paginator.get_page(query.get("page"))
    rows = RosterRow.objects.filter(roster__in=[roster.pk for roster in page.object_list])
    counts = {
        each["roster"]: each
        for each in rows.order_by()
        .values("roster")
        .annotate(
            lines=Count("id"),
            good=Count("id", filter=~Q(outcome__in=["", Outcome.REFUSED])),
            refused=Count("id", filter=Q(outcome=Outcome.REFUSED)),
        )
    }
    return {
        "form": form,
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "rows": [(roster, HUES[roster.status], counts.get(roster.pk, {})) for roster in page.object_list],
        "limits": Limits(),
    }


def find_roster(provider: Provider, key: UUID) -> Roster | None:
    """A roster of this provider; those of others do not exist for it."""
    return rosters_of(provider).filter(form_key=key).first()


@dataclass(frozen=True, slots=True)
class Summary:
    """A roster in numbers of lines, and of credits."""

    lines: int = 0
    earns: int = 0
    approves: int = 0
    counted: int = 0
    refused: int = 0
    credits: int = 0
    done: int = 0

    @property
    def to_report(self) -> int:
        return self.earns + self.approves + self.counted


def _count(outcome: Outcome) -> Count:
    return Count("id", filter=Q(outcome=outcome))


SUMS: Mapping[str, Aggregate] = {
    "lines": Count("id"),
    "earns": _count(Outcome.EARNS),
    "approves": _count(Outcome.APPROVES),
    "counted": _count(Outcome.COUNTED),
    "refused": _count(Outcome.REFUSED),
    "credits": Sum("credits", filter=Q(outcome__in=[Outcome.EARNS, Outcome.APPROVES]), default=0),
    "done": Count("id", filter=Q(done_at__isnull=False)),
}


def summary_of(roster: Roster) -> Summary:
    """Count the lines of a roster by what they do."""
    return summaries_of([roster])[roster.pk]


def summaries_of(rosters: Sequence[Roster]) -> dict[int, Summary]:
    """As `summary_of`, for several rosters at once."""
    rows = RosterRow.objects.filter(roster__in=rosters).order_by().values_list("roster").annotate(**SUMS)
    sums = {roster_id: Summary(**dict(zip(SUMS, each, strict=True))) for roster_id, *each in rows}
    return {roster.pk: sums.get(roster.pk, Summary()) for roster in rosters}


@dataclass(frozen=True, slots=True)
class Told:
    """A problem or a remark in the reader's language."""

    column: str
    finding: ReadableFinding


@dataclass(frozen=True, slots=True)
class LineShown:
    """A line of a roster as a page shows it."""

    row: RosterRow
    hue: str
    problems: list[Told]
    remarks: list[Told]
    claim_number: str  # of a claim with this provider


def detail_page(roster: Roster, query: QueryDict) -> dict[str, Any]:
    """A roster with a page of its lines, narrowed by the address."""
    summary = summary_of(roster)
    shown = query.get("show", "")
    rows = roster.rows.select_related("item", "claim")
    if shown in Outcome.values:
        rows = rows.filter(outcome=shown)
    paginator = Paginator(rows, LINES_PER_PAGE)
    page = paginator.get_page(query.get("page"))
    return {
        "roster": roster,
        "hue": HUES[roster.status],
        "at_work": roster.status in AT_WORK,
        "summary": summary,
        "tabs": _tabs(summary, shown),
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "lines": [_shown(row, roster) for row in page.object_list],
    }


def _tabs(summary: Summary, shown: str) -> list[Tab]:
    tabs = [Tab(_("All lines"), "?", shown not in Outcome.values, summary.lines)]
    for outcome, label in (
        (Outcome.EARNS, _("Earn credits")),
        (Outcome.APPROVES, _("Approve a claim")),
        (Outcome.COUNTED, _("Have counted already")),
        (Outcome.REFUSED, _("Cannot be reported")),
    ):
        count = getattr(summary, outcome.value)
        if count or shown == outcome:
            tabs.append(Tab(label, f"?show={outcome.value}", shown == outcome, count))
    return tabs


def _shown(row: RosterRow, roster: Roster) -> LineShown:
    return LineShown(
        row=row,
        hue=HUES.get(row.outcome, "pending"),
        problems=_told(row.problems),
        remarks=_told(row.remarks),
        claim_number=row.claim.number if row.claim and row.claim.provider_id == roster.provider_id else "",
    )


def _told(stored: Iterable[dict[str, Any]]) -> list[Told]:
    problems = [Problem.from_json(each) for each in stored]
    return [Told(each.column, explain_finding(each.finding)) for each in problems]


def template_csv() -> Iterator[str]:
    """An empty roster: the names of the columns, and a line to be replaced."""
    example = ("CSCO10000001", "Alice Example", "item-code", "", "2026-05-30")
    return spreadsheets.as_csv([list(COLUMNS), example])


def result_csv(roster: Roster) -> Iterator[str]:
    """What each line says, and what became of it; the first columns are those of a roster."""
    return spreadsheets.as_csv(_result_rows(roster))


def _result_rows(roster: Roster) -> Iterator[list[object]]:
    yield [*COLUMNS, _("Line"), _("Result"), _("Credits"), _("Claim"), _("Reported"), _("Clause"), _("Why")]
    for row in roster.rows.select_related("claim").order_by("line").iterator():
        line = _shown(row, roster)
        told = [*line.problems, *line.remarks]
        yield [
            *(row.given.get(name, "") for name in COLUMNS),
            row.line,
            str(row.get_outcome_display()),
            row.credits,
            line.claim_number,
            row.done_at.isoformat(timespec="seconds") if row.report_id and row.done_at else "",
            " | ".join(each.finding.clause for each in told),
            " | ".join(f"{each.column}: {each.finding.text}" if each.column else each.finding.text for each in told),
        ]
