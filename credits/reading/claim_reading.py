"""A candidate's claims as they are read: the list by state, and one claim with all that became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from candidates.models import Candidate, Case
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.kernel.policy import BOOK
from ceportal.kernel.wording import days_text
from credits.forms.claim_forms import ClaimFilter
from credits.models import Appeal, Audit, Claim, Evidence
from credits.reading.claim_history import Moment, history, stored_decision, with_its_disputes
from credits.rules.disputes import last_day_to_appeal

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


def with_evidence(claims: QuerySet[Claim]) -> QuerySet[Claim]:
    """Claims, each with the files handed in with it and not taken back as `kept_evidence`."""
    kept = Evidence.objects.filter(removed_at__isnull=True, audit__isnull=True)
    return claims.prefetch_related(Prefetch("evidence", kept, to_attr="kept_evidence"))


def with_disputes(claims: QuerySet[Claim]) -> QuerySet[Claim]:
    """Claims, each with whether the programme has it: `in_audit`, `asked_for_more`, `in_appeal`."""
    audits = Audit.objects.filter(claim=OuterRef("pk"), status=Audit.Status.OPEN)
    appeals = Appeal.objects.filter(claim=OuterRef("pk"), status=Appeal.Status.OPEN)
    return claims.annotate(
        in_audit=Exists(audits),
        asked_for_more=Exists(audits.filter(asked_at__isnull=False, answered_at__isnull=True)),
        in_appeal=Exists(appeals),
    )


def unsettled(candidate: Candidate) -> QuerySet[Claim]:
    """A candidate's claims that are not decided for good: waiting for somebody, in audit or under appeal."""
    claims = with_disputes(Claim.objects.filter(candidate=candidate)).select_related("item", "provider")
    return claims.filter(Q(status__in=OPEN) | Q(in_audit=True) | Q(in_appeal=True))


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


def claims_page(candidate: Candidate, query: QueryDict, *, day: date) -> dict[str, Any]:
    """A page of the list, narrowed by the address."""
    form = ClaimFilter(query)
    form.is_valid()
    state, text = form.cleaned_data.get("state") or "", form.cleaned_data.get("q") or ""
    claims = Claim.objects.filter(candidate=candidate)
    counts = dict(claims.order_by().values_list("status").annotate(count=Count("id")))
    claims = with_disputes(claims.select_related("item", "provider"))
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
    return Row(claim, page_of(claim), note_of(claim), claim.is_overdue(day))


def note_of(claim: Claim) -> str:
    """What the state of a claim, read with its disputes, means to its candidate."""
    return _open_note(claim) if claim.status in OPEN else _closed_note(claim)


def _open_note(claim: Claim) -> str:
    """What a claim that is not decided means to its candidate."""
    if claim.status == Claim.Status.RETURNED:
        return _("The provider asks for something")
    if claim.status == Claim.Status.DRAFT:
        last = last_day_to_file(claim)
        return _("Hand in by %(day)s") % {"day": date_format(last, "DATE_FORMAT")} if last else _("Not handed in yet")
    if claim.escalated_on is not None:
        return _("The answer is late; the programme has been told")
    assert claim.answer_due_on is not None  # of everything beyond a draft
    return _("Answer promised by %(day)s") % {"day": date_format(claim.answer_due_on, "DATE_FORMAT")}


def _closed_note(claim: Claim) -> str:
    """What a decided claim, read with its disputes, means to its candidate."""
    if claim.asked_for_more:  # type: ignore[attr-defined]  # by with_disputes
        return _("The programme asks for more")
    if claim.in_audit:  # type: ignore[attr-defined]  # by with_disputes
        return _("The programme audits it")
    if claim.in_appeal:  # type: ignore[attr-defined]  # by with_disputes
        return _("Your appeal is with the programme")
    assert claim.decided_at is not None
    return _("Decided on %(day)s") % {"day": date_format(clock.day_of(claim.decided_at), "DATE_FORMAT")}


def detail(claim: Claim, *, now: datetime) -> dict[str, Any]:
    """One claim: its way so far, what it was judged by, and what can be done with it now."""
    day = clock.day_of(now)
    with_its_disputes(claim)
    appeal = next(iter(claim.appeals.all()), None)  # the latest
    rejected = claim.status == Claim.Status.REJECTED
    return {
        "claim": claim,
        "grant": getattr(claim, "grant", None),
        "evidence": claim.kept_evidence,  # type: ignore[attr-defined]  # by with_evidence
        "moments": _moments(claim, day),
        "receipts": list(claim.receipts.all())[::-1],
        "checked": stored_decision(claim.checked),
        "decision": stored_decision(claim.decision),
        "overdue": claim.is_overdue(day),
        "answer_in": days_text(claim.answer_due_on, day) if claim.answer_due_on else "",
        "audit": next((each for each in claim.audits.all() if each.status == Audit.Status.OPEN), None),
        # Of the rejection that stands; of one that was put right, while the provider decides again.
        "appeal": appeal if appeal and (not rejected or appeal.rejected_at == claim.decided_at) else None,
        "appeal_until": _appeal_until(claim, day) if rejected else None,
        "voided": _voided(claim) if claim.status == Claim.Status.VOIDED else None,
    }


def _appeal_until(claim: Claim, day: date) -> date | None:
    """The last day on which the rejection can be appealed; None where that has passed (CE-10)."""
    assert claim.decided_at is not None
    rejected_on = clock.day_of(claim.decided_at)
    last_day = last_day_to_appeal(rejected_on, BOOK.on(rejected_on))
    return last_day if day <= last_day else None


def _voided(claim: Claim) -> dict[str, Any]:
    """By which clause a claim was voided, with what was found, and whether people still decide what follows."""
    event = Event.objects.filter(subject_type="credits.claim", subject_id=claim.pk, topic="credits.claim_voided").last()
    audit = next((each for each in claim.audits.all() if each.status == Audit.Status.FAILED), None)
    case = Case.objects.filter(subject=f"credits.claim:{claim.pk}", status=Case.Status.OPEN)
    return {
        "clause": event.payload["clause"] if event else "",
        "reason": event.payload["reason"] if event else "",
        "why": stored_decision(audit.decision) if audit else None,
        "left_to_people": case.exists(),
    }


def _moments(claim: Claim, day: date) -> list[Moment]:
    """What has happened, and what comes."""
    moments = history(claim, for_provider=False)
    if claim.status == Claim.Status.SUBMITTED and claim.answer_due_on:
        late = claim.is_overdue(day)
        label = _("Answer promised by")
        note = days_text(claim.answer_due_on, day)
        moments.append(Moment(label, claim.answer_due_on, "overdue" if late else "pending", note, past=False))
    grant = getattr(claim, "grant", None)
    if grant is not None and claim.status == Claim.Status.APPROVED:
        label = _("Credits in your ledger, valid until")
        moments.append(Moment(label, grant.expires_on, "expiring", past=False, url=reverse("credits:ledger")))
    return moments
