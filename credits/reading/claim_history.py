"""A claim's life as people read it: every step with its moment, the words said and the decision behind it.

The candidate and the provider read the same story; what the candidate and the programme say to each other in an audit
or an appeal is not for the provider, apart from what came of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from catalog.models import ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.models import Event
from credits.models import Appeal, Audit, Claim, Receipt

# What happens at one moment is told in this order.
NOTICED, DECIDED, DISPUTED, SETTLED, FOLLOWED = range(5)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in a claim's life, for components/timeline.html."""

    label: str
    day: date
    status: str
    note: str = ""
    past: bool = True
    url: str = ""
    words: str = ""
    why: Explanation | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Step:
    at: datetime
    order: int
    moment: Moment = field(compare=False)


def stored_decision(raw: list[dict[str, Any]] | None) -> Explanation | None:
    """A decision kept with a claim, in the reader's language; None where none was kept."""
    return explain(Decision.from_json(raw)) if raw else None


def with_its_disputes(claim: Claim) -> Claim:
    """The claim with its receipts, audits and appeals read once, the audits with what was handed over for them."""
    prefetch_related_objects([claim], "receipts", "audits__evidence", "appeals")
    return claim


def history(claim: Claim, *, for_provider: bool) -> list[Moment]:
    """Everything that has happened to a claim, in order; the claim with its disputes (`with_its_disputes`)."""
    steps = [*_of_claim(claim, for_provider=for_provider)]
    for audit in claim.audits.all():
        steps += _of_audit(audit, for_provider=for_provider)
    for appeal in claim.appeals.all():
        steps += _of_appeal(appeal, for_provider=for_provider)
    moments = [step.moment for step in sorted(steps, key=lambda step: (step.at, step.order))]
    if claim.completed_on is not None:
        moments.insert(0, Moment(_("Training completed"), claim.completed_on, "earned"))
    return moments


def _step(at: datetime, order: int, label: str, status: str, **more: Any) -> _Step:
    return _Step(at, order, Moment(label, clock.day_of(at), status, **more))


# ── The claim itself ──────────────────────────────────────────────────────────────────────────────
def _of_claim(claim: Claim, *, for_provider: bool) -> Iterator[_Step]:
    receipts = {receipt.ordinal: receipt for receipt in claim.receipts.all()}
    events = Event.objects.filter(subject_type="credits.claim", subject_id=claim.pk).order_by("id")
    names = _names(claim) if for_provider else {}
    provider = claim.provider.name if claim.provider else ""
    for event in events:
        what = event.topic.removeprefix("credits.claim_")
        if what == "submitted":
            yield _handed_in(event, receipts, provider)
        elif what in {"returned", "approved", "rejected"}:
            labels = {
                "returned": _("Returned by %(provider)s"),
                "approved": _("Approved by %(provider)s"),
                "rejected": _("Rejected by %(provider)s"),
            }
            member = names.get(event.payload.get("member") or 0, "")
            yield _step(
                event.occurred_at,
                DECIDED,
                labels[what] % {"provider": member or provider},
                what,
                words=event.payload.get("reason", "") if for_provider or what != "approved" else "",
                why=stored_decision(event.payload.get("decision")),
            )
        elif what == "escalated":
            yield _escalated(event)
        elif what == "put_back":
            again = _("Before the provider again")
            yield _step(event.occurred_at, FOLLOWED, again, "submitted", note=_("Its first filing day stays."))
        elif what == "voided":
            note = _("By clause %(clause)s") % {"clause": event.payload.get("clause", "")}
            yield _step(event.occurred_at, FOLLOWED, _("Voided"), "voided", note=note)


def _handed_in(event: Event, receipts: Mapping[int, Receipt], provider: str) -> _Step:
    checked = stored_decision(event.payload.get("decision"))
    if not event.payload.get("again"):
        filed = _("Filed with %(provider)s") % {"provider": provider}
        return _step(event.occurred_at, DECIDED, filed, "submitted", why=checked)
    ordinal = event.payload.get("receipt", 0)
    before, after = receipts.get(ordinal - 1), receipts.get(ordinal)
    return _step(
        event.occurred_at,
        DECIDED,
        _("Handed in again"),
        "submitted",
        note=_("Its first filing day stays."),
        changes=changes(before, after) if before and after else (),
        why=checked,
    )


def _escalated(event: Event) -> _Step:
    promised_on = date.fromisoformat(event.payload["answer_due_on"])
    note = _("Promised by %(day)s; the programme was told.") % {"day": date_format(promised_on, "DATE_FORMAT")}
    return _step(event.occurred_at, NOTICED, _("The answer was late"), "overdue", note=note)


def _names(claim: Claim) -> dict[int, str]:
    """The provider's members by their keys, as their colleagues know them."""
    members = ProviderMember.objects.filter(provider=claim.provider).select_related("user")
    return {member.pk: member.user.get_short_name() for member in members}


def changes(before: Receipt, after: Receipt) -> tuple[str, ...]:
    """What a claim said differently when it was handed in again, in sentences; by its receipts."""
    old, new = before.content, after.content
    said = []
    if old["completed_on"] != new["completed_on"]:
        days = {"before": _day(old["completed_on"]), "after": _day(new["completed_on"])}
        said.append(_("Completed on %(after)s instead of %(before)s.") % days)
    if old["delivery"] != new["delivery"]:
        runs = {"before": old["delivery"] or _("none"), "after": new["delivery"] or _("none")}
        said.append(_("Delivery %(after)s instead of %(before)s.") % runs)
    if old["kit"] != new["kit"]:
        kits = dict(Claim.Kit.choices)
        said.append(
            _("Kit: %(after)s instead of %(before)s.") % {"before": kits[old["kit"]], "after": kits[new["kit"]]}
        )
    if before.note != after.note:
        said.append(_("The note says something else."))
    had, has = ({file["sha256"]: file["name"] for file in content["files"]} for content in (old, new))
    said += [_("File added: %(name)s.") % {"name": has[each]} for each in has if each not in had]
    said += [_("File taken back: %(name)s.") % {"name": had[each]} for each in had if each not in has]
    return tuple(said) or (_("Nothing was changed."),)


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text), "DATE_FORMAT")


# ── Audits and appeals ────────────────────────────────────────────────────────────────────────────
def _of_audit(audit: Audit, *, for_provider: bool) -> Iterator[_Step]:
    if audit.told or audit.status == Audit.Status.OPEN:
        note = _("Picked by lot.") if audit.drawn else _("By the programme.")
        why = stored_decision(audit.opening)
        yield _step(audit.opened_at, DISPUTED, _("Audit opened"), "in_review", note=note, why=why)
    if audit.asked_at is not None and not for_provider:
        yield _step(audit.asked_at, DISPUTED, _("The programme asked for more"), "info", words=audit.asked)
    if audit.answered_at is not None and not for_provider:
        yield _step(audit.answered_at, DISPUTED, _("You answered"), "info", words=audit.answer)
    if audit.decided_at is not None:
        failed = audit.status == Audit.Status.FAILED
        yield _step(
            audit.decided_at,
            SETTLED,
            _("Audit not passed") if failed else _("Audit passed"),
            "failed" if failed else "success",
            words=audit.reason,
            why=stored_decision(audit.decision),
        )


def _of_appeal(appeal: Appeal, *, for_provider: bool) -> Iterator[_Step]:
    filed = _step(appeal.filed_at, DISPUTED, _("Appealed to the programme"), "appealed")
    if not for_provider:
        filed = replace(filed, moment=replace(filed.moment, words=appeal.words, why=stored_decision(appeal.filing)))
    yield filed
    if appeal.decided_at is not None:
        upheld = appeal.status == Appeal.Status.UPHELD
        yield _step(
            appeal.decided_at,
            SETTLED,
            _("Appeal upheld by the programme") if upheld else _("Appeal dismissed by the programme"),
            "success" if upheld else "rejected",
            words=appeal.reason,
            why=stored_decision(appeal.decision),
        )
