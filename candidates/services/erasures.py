"""Erasure: asked for, thought over, carried out on its day, or postponed while something stands in the way (CAND-09).

It anonymises the person. The ledger, invoices and sanctions that law and integrity require stay, under a number that
names nobody. `ceportal/privacy.py` says what each app looks at first, and what it empties.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.module_loading import import_string

from candidates.models import Candidate, DataRequest
from candidates.services.certifications import catch_up, refresh_certifications
from candidates.services.notices import compose_notice
from candidates.services.people import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.explain import explain
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from ceportal.kernel.removals import remove_after_commit
from ceportal.partner_api.feed import told_of


def assess(candidate: Candidate, *, now: datetime) -> Decision:
    """What stands in the way of an erasure now, as every app sees it."""
    decisions = [import_string(path)(candidate, now) for path in import_string("ceportal.privacy.HOLDS")]
    return Decision(tuple(finding for each in decisions for finding in each.findings))


@transaction.atomic
def ask_for_erasure(*, candidate_id: int, now: datetime) -> DataRequest:
    """Ask for erasure, or refuse and say what stands in the way (CAND-09); asking again is the same request.

    Until its day it can be withdrawn. Emits candidates.erasure_asked.
    """
    candidate = lock_candidate(candidate_id)
    waiting = _waiting(candidate)
    if waiting is not None:
        return waiting
    decision = require(assess(candidate, now=now))
    # The book of the day it is asked for governs how long it can be thought over.
    day = clock.day_of(now)
    wait = BOOK.on(day)["privacy.erasure_wait_days"].value
    request = DataRequest.objects.create(
        candidate=candidate,
        kind=DataRequest.Kind.ERASURE,
        decision=decision.as_json(),
        asked_at=now,
        due_on=day + timedelta(days=wait),
    )
    emit("candidates.erasure_asked", request, now=now)
    _tell(candidate, request, "erasure_asked", decision, now=now)
    return request


@transaction.atomic
def withdraw_erasure(*, candidate_id: int, now: datetime) -> DataRequest:
    """Take back the request that waits; DataRequest.DoesNotExist where none does.

    Emits candidates.erasure_withdrawn.
    """
    request = _waiting(lock_candidate(candidate_id))
    if request is None:
        raise DataRequest.DoesNotExist
    request.status, request.ended_at = DataRequest.Status.WITHDRAWN, now
    request.save(update_fields=["status", "ended_at"])
    emit("candidates.erasure_withdrawn", request, now=now)
    return request


@transaction.atomic
def erase_candidate(*, request_id: int, now: datetime) -> DataRequest:
    """Erase whoever asked for it, once the day has come and nothing stands in the way (CAND-09).

    Otherwise it is postponed, of which the candidate is told once; what was withdrawn or done is left as it is. All of
    it is one transaction; files go after the commit. Emits candidates.certification_changed for what ends, and
    candidates.candidate_erased or candidates.erasure_postponed.
    """
    candidate = lock_candidate(DataRequest.objects.values_list("candidate_id", flat=True).get(id=request_id))
    request = DataRequest.objects.select_for_update(no_key=True).get(id=request_id)
    if request.status != DataRequest.Status.WAITING or request.due_on is None or request.due_on > clock.day_of(now):
        return request
    decision = assess(candidate, now=now)
    request.decision = decision.as_json()
    if not decision.granted:
        _postpone(candidate, request, decision, now=now)
        return request
    request.status, request.ended_at = DataRequest.Status.DONE, now
    request.save(update_fields=["status", "ended_at", "decision"])
    _end_certifications(candidate, now=now)
    told = told_of(candidate.id)  # asked for before it is forgotten: they keep what they read
    names = [name for path in import_string("ceportal.privacy.ERASERS") for name in import_string(path)(candidate, now)]
    remove_after_commit(names, because="erasure", now=now)
    emit("candidates.candidate_erased", candidate, candidate_id=candidate.id, now=now, told=told)
    return request


def _waiting(candidate: Candidate) -> DataRequest | None:
    return candidate.data_requests.filter(kind=DataRequest.Kind.ERASURE, status=DataRequest.Status.WAITING).first()


def _postpone(candidate: Candidate, request: DataRequest, decision: Decision, *, now: datetime) -> None:
    first, request.postponed_on = request.postponed_on is None, request.postponed_on or clock.day_of(now)
    request.save(update_fields=["postponed_on", "decision"])
    if first:
        emit("candidates.erasure_postponed", request, now=now, clauses=list(decision.clauses_unmet))
        _tell(candidate, request, "erasure_postponed", decision, now=now)


def _end_certifications(candidate: Candidate, *, now: datetime) -> None:
    """From now on nobody holds them; what dates have made of them by today comes first."""
    catch_up(candidate.id, now=now)
    candidate.erased_at = now
    candidate.save(update_fields=["erased_at"])
    ids = list(candidate.certifications.values_list("id", flat=True))
    reason = _("Its holder was erased")
    for change in refresh_certifications(ids, clause="CAND-09", reason=reason, now=now):
        emit(
            "candidates.certification_changed",
            change.certification,
            now=now,
            before=change.before,
            after=change.after,
        )


def _tell(candidate: Candidate, request: DataRequest, kind: str, decision: Decision, *, now: datetime) -> None:
    with translation.override(candidate.language):
        unmet = explain(decision).unmet
    compose_notice(
        candidate=candidate,
        kind=kind,
        key=f"{kind}:{request.pk}",
        context={
            "request": request,
            "unmet": unmet,
            "address": settings.BASE_URL + reverse("candidates:erasure"),
        },
        now=now,
    )
