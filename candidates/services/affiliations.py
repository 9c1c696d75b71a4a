"""Experts and channel partners: an association is asked for, confirmed, and ended (CERT-07)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from candidates import queries, rules
from candidates.models import Affiliation, Candidate, ChannelPartner
from candidates.services.certifications import catch_up
from candidates.services.notices import compose_notice
from candidates.services.people import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.outbox import emit

Status = Affiliation.Status


@transaction.atomic
def request_affiliation(
    *, candidate_id: int, partner_code: str, country: str, full_time: bool, now: datetime
) -> Affiliation:
    """Ask for an association with a channel partner, or refuse and say why (CERT-07).

    The same request again, while it waits or stands, is the one on record. ChannelPartner.DoesNotExist for an unknown
    partner. Emits candidates.affiliation_requested.
    """
    candidate = lock_candidate(candidate_id)
    partner = ChannelPartner.objects.get(code=partner_code)
    live = candidate.affiliations.filter(status__in=[Status.REQUESTED, Status.IN_FORCE])
    same = live.filter(partner=partner, country=country).first() if full_time else None
    if same is not None:
        return same
    decision = require(_assess(candidate, country=country, full_time=full_time, now=now))
    affiliation = Affiliation.objects.create(
        candidate=candidate, partner=partner, country=country, requested_at=now, decision=decision.as_json()
    )
    emit("candidates.affiliation_requested", affiliation, now=now, partner=partner.code, country=country)
    return affiliation


@transaction.atomic
def confirm_affiliation(*, affiliation_id: int, user_id: int, now: datetime) -> Affiliation:
    """Confirm that the expert works for the partner: the association stands from today, or refuse (CERT-07).

    All it depends on is judged again. Confirming twice is confirming once. Emits candidates.affiliation_confirmed.
    """
    candidate, affiliation = _locked(affiliation_id)
    if affiliation.status == Status.IN_FORCE and affiliation.decided_by_id == user_id:
        return affiliation
    facts = rules.ConfirmationFacts(affiliation.status, about_self=candidate.user_id == user_id)
    decision = rules.assess_confirmation(facts) + _assess(
        candidate, country=affiliation.country, full_time=True, now=now, request=affiliation
    )
    require(decision)
    affiliation.status, affiliation.decision = Status.IN_FORCE, decision.as_json()
    affiliation.decided_at, affiliation.decided_by_id = now, user_id
    affiliation.starts_on = clock.day_of(now)
    affiliation.save()
    emit("candidates.affiliation_confirmed", affiliation, now=now, partner=affiliation.partner.code, user=user_id)
    _tell(candidate, affiliation, now=now)
    return affiliation


@transaction.atomic
def decline_affiliation(*, affiliation_id: int, reason: str, user_id: int, now: datetime) -> Affiliation:
    """Decide against a request, or refuse and say why (CERT-07). Emits candidates.affiliation_declined."""
    candidate, affiliation = _locked(affiliation_id)
    if affiliation.status == Status.DECLINED and affiliation.decided_by_id == user_id:
        return affiliation
    facts = rules.ConfirmationFacts(affiliation.status, about_self=candidate.user_id == user_id)
    require(rules.assess_confirmation(facts))
    affiliation.status, affiliation.reason = Status.DECLINED, reason.strip()
    affiliation.decided_at, affiliation.decided_by_id = now, user_id
    affiliation.save()
    emit("candidates.affiliation_declined", affiliation, now=now, reason=affiliation.reason, user=user_id)
    _tell(candidate, affiliation, now=now)
    return affiliation


@transaction.atomic
def leave_partner(*, candidate_id: int, now: datetime) -> Affiliation:
    """End the candidate's association, or take back the request that waits; refused where there is neither (CERT-07).

    From today there is none; another can begin on the same day. Emits candidates.affiliation_ended, or _withdrawn.
    """
    candidate = lock_candidate(candidate_id)
    standing = candidate.affiliations.filter(status=Status.IN_FORCE).first()
    affiliation = standing or candidate.affiliations.filter(status=Status.REQUESTED).first()
    require(rules.assess_leaving(in_force=affiliation is not None))
    assert affiliation is not None  # assessed
    if standing is None:
        affiliation.status = Status.WITHDRAWN
        affiliation.save(update_fields=["status"])
        emit("candidates.affiliation_withdrawn", affiliation, now=now, partner=affiliation.partner.code)
    else:
        _end(standing, user_id=candidate.user_id, reason="", now=now)
    return affiliation


@transaction.atomic
def end_affiliation(*, affiliation_id: int, reason: str, user_id: int, now: datetime) -> Affiliation:
    """End an association of somebody who works there no longer; one that has ended stays as it is (CERT-07)."""
    candidate, affiliation = _locked(affiliation_id)
    if affiliation.status == Status.ENDED:
        return affiliation
    require(rules.assess_leaving(in_force=affiliation.status == Status.IN_FORCE))
    _end(affiliation, user_id=user_id, reason=reason.strip(), now=now)
    _tell(candidate, affiliation, now=now)
    return affiliation


def _end(affiliation: Affiliation, *, user_id: int | None, reason: str, now: datetime) -> None:
    affiliation.status, affiliation.ends_on = Status.ENDED, clock.day_of(now)
    affiliation.ended_by_id, affiliation.reason = user_id, reason
    affiliation.save()
    emit("candidates.affiliation_ended", affiliation, now=now, partner=affiliation.partner.code, reason=reason)


def _tell(candidate: Candidate, affiliation: Affiliation, *, now: datetime) -> None:
    """Tell the candidate what others decided: confirmed, declined, or ended."""
    compose_notice(
        candidate=candidate,
        kind="affiliation",
        key=f"affiliation_{affiliation.status}:{affiliation.pk}",
        context={"affiliation": affiliation, "address": settings.BASE_URL + reverse("candidates:standing")},
        now=now,
    )


def _locked(affiliation_id: int) -> tuple[Candidate, Affiliation]:
    """The candidate, locked first, and the association as it stands since."""
    candidate = lock_candidate(Affiliation.objects.values_list("candidate_id", flat=True).get(id=affiliation_id))
    return candidate, Affiliation.objects.select_related("partner").get(id=affiliation_id)


def _assess(
    candidate: Candidate, *, country: str, full_time: bool, now: datetime, request: Affiliation | None = None
) -> Decision:
    catch_up(candidate.id, now=now)
    return rules.assess_affiliation(
        queries.affiliation_facts(
            candidate, country=country, full_time=full_time, day=clock.day_of(now), request=request
        )
    )
