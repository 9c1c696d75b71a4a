"""The daily comparison of the portal's money with the card service's balance; what differs is put before staff.

The card service is asked first, outside any transaction; what both say is compared by payments.reconciliation_rules and
written down at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from candidates.models import Case
from candidates.services import open_case
from ceportal.kernel import clock
from ceportal.kernel.money import CURRENCY
from ceportal.kernel.outbox import emit
from payments import gateway, reconciliation_facts
from payments import reconciliation_rules as rules
from payments.gateway import BalanceEntry
from payments.models import Reconciliation, ReconciliationDifference, Refund
from payments.reconciliation_facts import STRIPE, SUBJECT_OF, Known
from payments.reconciliation_rules import Kind, Theirs
from payments.services.paying import CardServiceUnavailable

log = structlog.get_logger(__name__)

FEES = frozenset({"stripe_fee", "stripe_fx_fee", "tax_fee"})  # movements that are nothing but a fee
PAYOUT = "payout"  # and payout_failure and the like: between the card service and the programme's own bank


@dataclass(frozen=True, slots=True)
class Finding:
    """What was compared, what both sides say of it, and what differs."""

    subject: str
    kind: Kind | None
    known: Known | None
    theirs: Theirs | None
    source_id: str


def reconcile_day(*, day: date, now: datetime) -> Reconciliation:
    """Compare what moved on a day, by the portal or by the card service, and what differed before (PAY-04).

    Each difference is kept with both sides and opens a case, once; one that is gone is marked settled. The same day may
    be compared again at any time. CardServiceUnavailable: nothing was changed. Emits payments.difference_found and
    payments.difference_settled.
    """
    since, before = clock.at(day, 0), clock.at(day + timedelta(days=1), 0)
    with _asked():
        entries = gateway.list_balance(since=since - clock.shift(), before=before - clock.shift())
        findings = _compare_all(entries, since=since, before=before, now=now)
    return _record(day, entries, findings, now=now)


# ── Comparing ─────────────────────────────────────────────────────────────────────────────────────
def _compare_all(entries: Iterable[BalanceEntry], *, since: datetime, before: datetime, now: datetime) -> list[Finding]:
    movements = list(entries)
    # A movement that no order brings about is seen again by its own day alone.
    differing = [
        (subject, key)
        for subject, key in ReconciliationDifference.objects.filter(settled_at=None).values_list("subject", "stripe_id")
        if not subject.startswith(f"{STRIPE}:txn_")
    ]
    # Of what differed and was unknown here, somebody may have told the portal since.
    movements += [
        entry
        for subject, key in differing
        if subject.startswith(f"{STRIPE}:") and key and all(key != each.source_id for each in movements)
        for entry in _balance_of(key)
    ]
    named = reconciliation_facts.subjects_named(movements)
    subjects = set(named.values()) | {subject for subject, _key in differing}
    subjects |= reconciliation_facts.subjects_of_day(since=since, before=before)
    known = reconciliation_facts.load(subjects)
    by_subject: dict[str, list[BalanceEntry]] = {}
    for entry in movements:
        if entry.source_id in named:
            by_subject.setdefault(named[entry.source_id], []).append(entry)
        elif not _is_told(entry):
            by_subject[f"{STRIPE}:{entry.id}"] = [entry]
    return [
        _compare(subject, known.get(subject), by_subject.get(subject, []), now=now)
        for subject in sorted(subjects | set(by_subject))
    ]


def _is_told(entry: BalanceEntry) -> bool:
    """Whether it is a movement that no order brings about and that the run states as a sum."""
    return entry.kind in FEES or entry.kind.startswith(PAYOUT)


def _compare(subject: str, known: Known | None, entries: list[BalanceEntry], *, now: datetime) -> Finding:
    """By what moved on the day; where that does not agree, by all that ever moved because of it."""
    theirs, ours = _summed(entries), known.ours if known else None
    kind = rules.compare(ours, theirs, now=now)
    if kind is not None and known is not None:
        entries = _all_of(known, entries)
        theirs = _summed(entries)
        kind = rules.compare(ours, theirs, now=now)
    source_id = entries[0].source_id if entries else known.source_id if known else ""
    return Finding(subject, kind, known, theirs, source_id)


def _summed(entries: Iterable[BalanceEntry]) -> Theirs | None:
    return rules.summed(
        (each.amount_cents, each.currency, each.fee_cents, each.fees_told_cents, clock.from_outside(each.created))
        for each in entries
    )


def _all_of(known: Known, entries: Iterable[BalanceEntry]) -> list[BalanceEntry]:
    """Every movement because of one of ours, whenever it was."""
    sources = {entry.source_id for entry in entries} | {known.source_id} - {""}
    if not sources and known.session_id:
        charge = _checkout_charge(known.session_id)
        sources = {charge} if charge else set()
    if not sources and known.intent_id:
        listed = {each.id for each in gateway.list_refunds(payment_intent_id=known.intent_id)}
        sources = listed - set(Refund.objects.filter(stripe_id__in=listed).values_list("stripe_id", flat=True))
    return [entry for source in sorted(sources) for entry in _balance_of(source)]


def _checkout_charge(session_id: str) -> str:
    try:
        charge = gateway.fetch_checkout(session_id).charge
    except gateway.GatewayRefused as refusal:
        if refusal.code != "resource_missing":
            raise
        return ""
    return charge.id if charge else ""


def _balance_of(source_id: str) -> list[BalanceEntry]:
    try:
        return gateway.balance_of(source_id)
    except gateway.GatewayRefused as refusal:
        if refusal.code != "resource_missing":
            raise
        return []


@contextmanager
def _asked() -> Iterator[None]:
    try:
        yield
    except (gateway.GatewayUnavailable, gateway.GatewayRefused) as error:
        raise CardServiceUnavailable(str(error)) from error


# ── Writing down ──────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def _record(day: date, entries: list[BalanceEntry], findings: list[Finding], *, now: datetime) -> Reconciliation:
    kinds = [each.kind for each in findings]
    on_their_way = kinds.count(Kind.ON_ITS_WAY)
    values = {
        "ran_at": now,
        "compared": len(findings),
        "on_their_way": on_their_way,
        "differing": len(findings) - on_their_way - kinds.count(None),
        "currency": CURRENCY,
        **_sums(entries),
    }
    run, created = Reconciliation.objects.select_for_update().get_or_create(day=day, defaults=values)
    if not created:
        for name, value in values.items():
            setattr(run, name, value)
        run.runs += 1
        run.save()
    for each in findings:
        if each.kind is not None and each.kind != Kind.ON_ITS_WAY:
            _keep(each, run, now=now)
    _settle([each.subject for each in findings if each.kind is None], run, now=now)
    return run


def _sums(entries: Iterable[BalanceEntry]) -> dict[str, int]:
    """What came to the balance on the day, by what it was about, and what the card service kept of it."""
    names = {"charge": "charged_cents", "refund": "refunded_cents", "dispute": "disputed_cents"}
    sums = {**dict.fromkeys(names.values(), 0), "fees_cents": 0, "paid_out_cents": 0}
    for entry in entries:
        if entry.currency != CURRENCY:
            continue
        sums["fees_cents"] += entry.fee_cents - (entry.amount_cents if entry.kind in FEES else 0)
        if entry.source_type in SUBJECT_OF:
            sums[names[entry.source_type]] += entry.amount_cents
        elif entry.kind.startswith(PAYOUT):
            sums["paid_out_cents"] -= entry.amount_cents
    return sums


def _keep(finding: Finding, run: Reconciliation, *, now: datetime) -> None:
    """Keep a difference as it is found, and open its case where it is new."""
    assert finding.kind is not None  # it differs
    known, theirs = finding.known, finding.theirs
    values: dict[str, Any] = {
        "kind": finding.kind.value,
        "order": known.order if known else None,
        "payment": known.payment if known else None,
        "refund": known.refund if known else None,
        "dispute": known.dispute if known else None,
        "stripe_id": finding.source_id,
        "told_cents": known.ours.told_cents if known else None,
        "posted_cents": known.ours.posted_cents if known else None,
        "stripe_cents": theirs.cents if theirs else None,
        "currency": known.ours.currency if known else "",
        "stripe_currency": ", ".join(sorted(theirs.currencies))[:20] if theirs else "",
        "seen_by": run,
        "seen_at": now,
    }
    difference, created = ReconciliationDifference.objects.get_or_create(
        subject=finding.subject, settled_at=None, defaults={**values, "found_by": run, "found_at": now}
    )
    if not created:
        for name, value in values.items():
            setattr(difference, name, value)
        difference.save(update_fields=[*values])
        return
    candidate_id = known.order.candidate_id if known else None
    log.error("money_differs", difference=difference.pk, subject=finding.subject, kind=finding.kind.value)
    emit("payments.difference_found", difference, now=now, candidate_id=candidate_id, kind=finding.kind.value)
    _open_case(difference, candidate_id, run, now=now)


def _open_case(
    difference: ReconciliationDifference, candidate_id: int | None, run: Reconciliation, *, now: datetime
) -> None:
    order = difference.order
    facts: dict[str, Any] = {
        "day": run.day.isoformat(),
        "difference": difference.kind,
        "order": order.number if order else "",
        "cents_by_the_order_or_its_records": difference.told_cents,
        "cents_by_transfers": difference.posted_cents,
        "cents_by_the_card_service": difference.stripe_cents,
        "currency": difference.currency or difference.stripe_currency,
        "card_service": difference.stripe_id,
        "next_step": rules.NEXT_STEPS[Kind(difference.kind)],
        "records": [f"payments.reconciliationdifference:{difference.pk}"]
        + ([f"payments.order:{order.pk}"] if order else []),
    }
    open_case(
        key=f"money_difference:{difference.pk}",
        kind=Case.Kind.MONEY_DIFFERENCE,
        clause="PAY-04",
        candidate_id=candidate_id,
        subject=f"payments.reconciliationdifference:{difference.pk}",
        facts=facts,
        now=now,
    )


def _settle(agreed: Collection[str], run: Reconciliation, *, now: datetime) -> None:
    """Where both sides agree again, say so; the case stays for whoever looks into how it came about."""
    rows = ReconciliationDifference.objects.select_for_update(no_key=True).filter(settled_at=None, subject__in=agreed)
    for difference in rows.order_by("id"):
        difference.settled_by, difference.settled_at = run, now
        difference.save(update_fields=["settled_by", "settled_at"])
        order = difference.order
        candidate_id = order.candidate_id if order else None
        emit("payments.difference_settled", difference, now=now, candidate_id=candidate_id, kind=difference.kind)
