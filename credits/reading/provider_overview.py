"""A provider's work as it is read: the queue, one claim under review, reports and deliveries.

Everything here starts from a member's own provider; claims of others, and drafts, do not exist for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import ngettext

from catalog.models import Delivery, Provider, ProviderMember
from catalog.provider_rules import CancellationFacts, assess_cancellation
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import explain
from ceportal.kernel.policy import BOOK
from ceportal.kernel.wording import days_text
from credits import queries
from credits.forms.provider_forms import SORTS, STATES, QueueFilter, handed_in
from credits.models import Appeal, Claim, CompletionReport, Evidence
from credits.reading.claim_history import changes, history, stored_decision, with_its_disputes
from credits.reading.claim_reading import Tab, with_evidence
from credits.rules import claims as rules

PER_PAGE = 25
LATEST_REPORTS = 20
OTHERS_SHOWN = 5
IMAGES = (Evidence.Kind.PNG, Evidence.Kind.JPEG)


@dataclass(frozen=True, slots=True)
class Row:
    """A claim in the queue."""

    claim: Claim
    answer_in: str  # how far the promised day is away; empty where it is decided
    overdue: bool
    opened: bool  # by this member, as it was handed in last: only then can it be ticked
    own: bool  # the member's own claim, which a colleague decides (CE-10)


def claims_of(provider: Provider) -> QuerySet[Claim]:
    """A provider's claims: what was handed in to it, in whatever state it is now."""
    claims = Claim.objects.filter(provider=provider).exclude(status=Claim.Status.DRAFT)
    return with_evidence(claims.select_related("candidate", "item", "delivery", "decided_by__user"))


def queue_page(member: ProviderMember, query: QueryDict, opened: Mapping[str, str], *, day: date) -> dict[str, Any]:
    """A page of the queue, narrowed and sorted by the address; `opened` maps ids to what the member has seen."""
    form = QueueFilter(query)
    state = form.asked("state")
    claims = claims_of(member.provider)
    counts = dict(claims.order_by().values_list("status").annotate(count=Count("id")))
    shown = _narrowed(claims, form)
    paginator = Paginator(shown.order_by(*SORTS[form.asked("sort") or "due"][1]), PER_PAGE)
    page: Page[Claim] = paginator.get_page(query.get("page"))
    rows = [_row(claim, member, opened, day) for claim in page.object_list]
    return {
        "form": form,
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "rows": rows,
        "tabs": _tabs(counts, state, query),
        "narrowed": bool(form.asked("q") or form.asked("kind")),
        "overdue": claims.filter(status=Claim.Status.SUBMITTED, answer_due_on__lt=day).count(),
        "waiting": counts.get(Claim.Status.SUBMITTED, 0),
        "any": bool(counts),
        "tickable": any(row.claim.status == Claim.Status.SUBMITTED for row in rows),
        "waits": state == "",
    }


def _narrowed(claims: QuerySet[Claim], form: QueueFilter) -> QuerySet[Claim]:
    state, kind = form.asked("state") or Claim.Status.SUBMITTED, form.asked("kind")
    if state != "all":
        claims = claims.filter(status=state)
    if kind:
        claims = claims.filter(item__kind=kind)
    for word in form.asked("q").split():
        claims = claims.filter(
            Q(number__icontains=word)
            | Q(candidate__name__icontains=word)
            | Q(candidate__number__icontains=word)
            | Q(item__title__icontains=word)
            | Q(item__code__icontains=word)
        )
    return claims


def _tabs(counts: Mapping[str, int], state: str, query: QueryDict) -> list[Tab]:
    tabs = []
    for value, label in STATES:
        count = sum(counts.values()) if value == "all" else counts.get(value or Claim.Status.SUBMITTED, 0)
        if value == "voided" and not count and state != value:
            continue
        target = query.copy()
        for name in ("page", "state"):
            target.pop(name, None)
        if value:
            target["state"] = value
        tabs.append(Tab(str(label), f"?{target.urlencode()}", value == state, count))
    return tabs


def _row(claim: Claim, member: ProviderMember, opened: Mapping[str, str], day: date) -> Row:
    waits = claim.status == Claim.Status.SUBMITTED
    assert claim.answer_due_on is not None  # of everything beyond a draft
    return Row(
        claim=claim,
        answer_in=_due_text(claim.answer_due_on, day) if waits else "",
        overdue=claim.is_overdue(day),
        opened=waits and opened.get(str(claim.pk)) == handed_in(claim),
        own=claim.candidate.user_id == member.user_id,
    )


def _due_text(due_on: date, day: date) -> str:
    late = (day - due_on).days
    if late > 0:
        return ngettext("overdue by %(days)s day", "overdue by %(days)s days", late) % {"days": late}
    return days_text(due_on, day)


def next_waiting(member: ProviderMember, after: Claim) -> Claim | None:
    """The next claim to decide: promised soonest, the ones after this first; never the member's own."""
    waiting = (
        claims_of(member.provider)
        .filter(status=Claim.Status.SUBMITTED)
        .exclude(pk=after.pk)
        .exclude(candidate__user_id=member.user_id)
        .exclude(rejected_before_by=member)
        .order_by("answer_due_on", "submitted_at", "id")
    )
    later = Q(answer_due_on__gt=after.answer_due_on) | Q(
        answer_due_on=after.answer_due_on, submitted_at__gt=after.submitted_at
    )
    return waiting.filter(later).first() or waiting.first()


def review_context(claim: Claim, member: ProviderMember, *, now: datetime) -> dict[str, Any]:
    """A claim beside its evidence, with everything a reviewer needs to decide it."""
    assert claim.completed_on is not None and claim.answer_due_on is not None
    day = clock.day_of(now)
    waits = claim.status == Claim.Status.SUBMITTED
    with_its_disputes(claim)
    finding = _finding(claim) if waits else None
    return {
        "claim": claim,
        "waits": waits,
        "overdue": claim.is_overdue(day),
        "answer_in": _due_text(claim.answer_due_on, day) if waits else "",
        "evidence": claim.kept_evidence,  # type: ignore[attr-defined]  # by with_evidence
        "image_kinds": IMAGES,
        "checked": stored_decision(claim.checked),
        "decision": stored_decision(claim.decision),
        "approval": explain(_approval(claim, member)) if waits else None,
        "moments": history(claim, for_provider=True),
        "changed": _changed(claim) if waits and finding is None else (),
        "finding": finding,
        "others": _others(claim),
        "next": next_waiting(member, claim),
    }


def _approval(claim: Claim, member: ProviderMember) -> Decision:
    """What approving would meet and lack now: the rule that decides later."""
    assert claim.completed_on is not None
    cycle = queries.cycle_on(queries.cycles_of(claim.candidate_id), claim.completed_on)
    facts = queries.approval_facts(claim, member, cycle, reason="")
    return rules.assess_review(facts, "approve", BOOK.on(claim.completed_on))


def _changed(claim: Claim) -> tuple[str, ...]:
    """What the candidate changed when a returned claim was handed in again."""
    receipts = list(claim.receipts.all())
    return changes(receipts[-2], receipts[-1]) if len(receipts) > 1 else ()


def _finding(claim: Claim) -> Appeal | None:
    """What the programme found when it put the claim before the provider again; until that is decided (CE-10)."""
    appeals = claim.appeals.all()
    return next(
        (each for each in appeals if each.status == Appeal.Status.UPHELD and each.rejected_at == claim.decided_at),
        None,
    )


def _others(claim: Claim) -> list[Claim]:
    """What else this candidate claimed from the provider, the latest first."""
    assert claim.provider is not None
    others = claims_of(claim.provider).filter(candidate_id=claim.candidate_id).exclude(pk=claim.pk)
    return list(others.order_by("-submitted_at")[:OTHERS_SHOWN])


def ticked(member: ProviderMember, numbers: list[str], opened: Mapping[str, str]) -> tuple[list[Claim], list[Claim]]:
    """Of the ticked claims of the member's provider: those that were opened as they are now, and those that were not.

    Only claims that wait are given; what was decided meanwhile is left out.
    """
    chosen = claims_of(member.provider).filter(number__in=numbers, status=Claim.Status.SUBMITTED)
    seen: list[Claim] = []
    unseen: list[Claim] = []
    for claim in chosen.order_by(*SORTS["due"][1]):
        (seen if opened.get(str(claim.pk)) == handed_in(claim) else unseen).append(claim)
    return seen, unseen


def latest_reports(provider: Provider) -> list[CompletionReport]:
    """The provider's last reports, with what they earned."""
    reports = CompletionReport.objects.filter(provider=provider)
    related = reports.select_related("candidate", "item", "claim__grant", "grant", "reported_by__user")
    return list(related.order_by("-reported_at", "-id")[:LATEST_REPORTS])


def deliveries_page(provider: Provider, query: QueryDict, *, day: date) -> dict[str, Any]:
    """A page of the provider's runs, the latest first, each with whether it can still be cancelled."""
    deliveries = Delivery.objects.filter(provider=provider).select_related("item").annotate(claims=Count("claim"))
    paginator = Paginator(deliveries.order_by("-ends_on", "-id"), PER_PAGE)
    page = paginator.get_page(query.get("page"))
    for run in page.object_list:
        facts = CancellationFacts(ends_on=run.ends_on, day=day)
        run.cancellable = run.cancelled_at is None and assess_cancellation(facts).granted  # type: ignore[attr-defined]
    return {"page": page, "pages": paginator.get_elided_page_range(page.number)}
