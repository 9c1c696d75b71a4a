"""A candidate's claims as they are read: the list by state, and one claim with all that became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.policy import BOOK
from credits.forms import ClaimFilter
from credits.models import Claim, Evidence
from credits.wording import days_text

PER_PAGE = 20
# Not decided for good, in the order in which they want attention.
OPEN = (Claim.Status.RETURNED, Claim.Status.SUBMITTED, Claim.Status.DRAFT)


@dataclass(frozen=True, slots=True)
class Row:
    """A claim in the list, with what its state means to the candidate."""

    claim: Claim
    url: str
    note: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class Tab:
    """A state a list of claims can be narrowed to."""

    label: str
    url: str
    current: bool
    count: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in a claim's life, for components/timeline.html."""

    label: str
    day: date
    status: str
    note: str = ""
    past: bool = True
    url: str = ""


def with_evidence(claims: QuerySet[Claim]) -> QuerySet[Claim]:
    """Claims, each with the files that were not taken back as `kept_evidence`."""
    kept = Evidence.objects.filter(removed_at__isnull=True)
    return claims.prefetch_related(Prefetch("evidence", kept, to_attr="kept_evidence"))


def claims_of(candidate: Candidate) -> QuerySet[Claim]:
    """A candidate's claims with what is shown of them."""
    claims = Claim.objects.filter(candidate=candidate)
    return with_evidence(claims.select_related("item", "provider", "delivery", "grant", "candidate"))


def page_of(claim: Claim) -> str:
    """The address at which its candidate finds a claim: the form while it is a draft."""
    page = "credits:claim_edit" if claim.status == Claim.Status.DRAFT else "credits:claim_detail"
    return reverse(page, args=[claim.number])


def last_day_to_file(claim: Claim) -> date | None:
    """The last day on which a draft can be handed in (CE-14); None where no limit holds or it was filed before."""
    if claim.completed_on is None or claim.submitted_on is not None:
        return None
    # The book of the completion day governs.
    days = BOOK.on(claim.completed_on)["claims.submit_within_days"].value
    return claim.completed_on + timedelta(days=days) if days is not None else None


def stored_decision(raw: list[dict[str, Any]] | None) -> Explanation | None:
    """A decision kept with a claim, in the reader's language; None where none was kept."""
    return explain(Decision.from_json(raw)) if raw else None


def claims_page(candidate: Candidate, query: QueryDict, *, day: date) -> dict[str, Any]:
    """A page of the list, narrowed by the address."""
    form = ClaimFilter(query)
    form.is_valid()
    state, text = form.cleaned_data.get("state") or "", form.cleaned_data.get("q") or ""
    claims = Claim.objects.filter(candidate=candidate).select_related("item", "provider")
    counts = dict(claims.order_by().values_list("status").annotate(count=Count("id")))
    if state:
        claims = claims.filter(status__in=OPEN if state == "open" else [state])
    for word in text.split():
        claims = claims.filter(Q(item__title__icontains=word) | Q(number__icontains=word))
    paginator = Paginator(claims.order_by("-created_at", "-id"), PER_PAGE)
    page: Page[Claim] = paginator.get_page(query.get("page"))
    return {
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "rows": [_row(claim, day) for claim in page.object_list],
        "tabs": _tabs(counts, state, text),
        "form": form,
        "narrowed": bool(state or text),
        "any": bool(counts),
    }


def _tabs(counts: dict[str, int], state: str, text: str) -> list[Tab]:
    def tab(value: str, label: str, count: int) -> Tab:
        query = QueryDict(mutable=True)
        query.update({name: given for name, given in (("state", value), ("q", text)) if given})
        return Tab(label, f"?{query.urlencode()}", value == state, count)

    waiting = sum(counts.get(status, 0) for status in OPEN)
    tabs = [tab("", _("All"), sum(counts.values())), tab("open", _("Waiting"), waiting)]
    return tabs + [
        tab(status.value, str(status.label), counts[status])
        for status in Claim.Status
        if status in counts and (status not in OPEN or status == state)
    ]


def _row(claim: Claim, day: date) -> Row:
    note = ""
    if claim.status == Claim.Status.SUBMITTED and claim.answer_due_on:
        note = _("Answer promised by %(day)s") % {"day": date_format(claim.answer_due_on, "DATE_FORMAT")}
    elif claim.status == Claim.Status.DRAFT:
        last = last_day_to_file(claim)
        note = _("Hand in by %(day)s") % {"day": date_format(last, "DATE_FORMAT")} if last else _("Not handed in yet")
    elif claim.status == Claim.Status.RETURNED:
        note = _("The provider asks for something")
    elif claim.decided_at is not None:
        note = _("Decided on %(day)s") % {"day": date_format(clock.day_of(claim.decided_at), "DATE_FORMAT")}
    return Row(claim, page_of(claim), note, claim.is_overdue(day))


def detail(claim: Claim, *, now: datetime) -> dict[str, Any]:
    """One claim: its way so far, what it was judged by, and what can be done with it now."""
    day = clock.day_of(now)
    return {
        "claim": claim,
        "grant": getattr(claim, "grant", None),
        "evidence": claim.kept_evidence,  # type: ignore[attr-defined]  # by with_evidence
        "moments": _moments(claim, day),
        "checked": stored_decision(claim.checked),
        "decision": stored_decision(claim.decision),
        "overdue": claim.is_overdue(day),
        "answer_in": days_text(claim.answer_due_on, day) if claim.answer_due_on else "",
    }


def _moments(claim: Claim, day: date) -> list[Moment]:
    provider = {"provider": claim.provider.name if claim.provider else ""}
    moments = []
    if claim.completed_on:
        moments.append(Moment(_("Training completed"), claim.completed_on, "earned"))
    if claim.submitted_on and claim.submitted_at:
        moments.append(Moment(_("Filed with %(provider)s") % provider, claim.submitted_on, "submitted"))
        if clock.day_of(claim.submitted_at) != claim.submitted_on:
            handed_in = clock.day_of(claim.submitted_at)
            note = _("Its first filing day stays.")
            moments.append(Moment(_("Handed in again"), handed_in, "submitted", note))
    if claim.status == Claim.Status.SUBMITTED and claim.answer_due_on:
        late = claim.is_overdue(day)
        note = (
            _("The promised day has passed; the programme has been told.")
            if late
            else days_text(claim.answer_due_on, day)
        )
        moments.append(
            Moment(_("Answer promised by"), claim.answer_due_on, "overdue" if late else "pending", note, past=False)
        )
    elif claim.decided_at is not None:
        label = {
            Claim.Status.RETURNED: _("Returned by %(provider)s"),
            Claim.Status.APPROVED: _("Approved by %(provider)s"),
            Claim.Status.REJECTED: _("Rejected by %(provider)s"),
            Claim.Status.VOIDED: _("Voided"),
        }[Claim.Status(claim.status)]
        moments.append(Moment(label % provider, clock.day_of(claim.decided_at), claim.status))
    grant = getattr(claim, "grant", None)
    if grant is not None:
        label = _("Credits in your ledger, valid until")
        moments.append(Moment(label, grant.expires_on, "expiring", past=False, url=reverse("credits:ledger")))
    return moments
