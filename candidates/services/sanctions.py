"""Sanctions: proposed by one member of staff, decided by another, told, appealed, lifted (CAND-02).

Every service locks the candidate, so that whoever asks for a bar under that lock sees the sanction or comes before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from itertools import chain

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse

from candidates import queries, rules
from candidates.models import Candidate, Notice, Sanction, SanctionFile, TipFile
from candidates.services.certifications import catch_up, refresh_certifications
from candidates.services.notices import compose_notice
from candidates.services.people import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from ceportal.kernel.uploads import Upload, random_name


@transaction.atomic
def propose_sanction(
    *,
    candidate_id: int,
    clause: str,
    statement: str,
    staff_id: int,
    now: datetime,
    permanent: bool = True,
    exams_only: bool = False,
    ends_on: date | None = None,
    evidence: str = "",
    uploads: Sequence[Upload] = (),
    case_id: int | None = None,
) -> Sanction:
    """Propose a sanction, which bars nothing until another member of staff has decided it; or refuse and say why.

    What it rests on is frozen with it: the words, the files that come along, and those of the tip that opened its
    case (CAND-03). Emits candidates.sanction_proposed.
    """
    candidate = lock_candidate(candidate_id)
    inspected = [rules.assess_sanction_file(name=each.name, content=each.content) for each in uploads]
    day = clock.day_of(now)
    require(
        rules.assess_proposal(
            rules.ProposalFacts(
                about_self=candidate.user_id == staff_id,
                clause_known=clause in BOOK.clauses,
                statement_given=bool(statement.strip()),
                permanent=permanent,
                day=day,
                ends_on=ends_on,
                another_waits=candidate.sanctions.filter(status=Sanction.Status.PROPOSED).exists(),
                of_the_case=case_id is None or candidate.cases.filter(id=case_id).exists(),
            )
        )
        + Decision(tuple(chain.from_iterable(each.decision.findings for each in inspected)))
    )
    sanction = Sanction.objects.create(
        candidate=candidate,
        case_id=case_id,
        clause=clause,
        permanent=permanent,
        exams_only=exams_only,
        ends_on=ends_on,
        statement=statement.strip(),
        evidence=evidence.strip(),
        proposed_by_id=staff_id,
        proposed_at=now,
    )
    _attach(sanction, uploads, [each.kind for each in inspected])
    emit("candidates.sanction_proposed", sanction, now=now, clause=clause, staff=staff_id)
    return sanction


def _attach(sanction: Sanction, uploads: Sequence[Upload], kinds: Sequence[str]) -> None:
    """Keep the files of a proposal, each once, and those of the tip that opened its case."""
    of_the_tip = TipFile.objects.filter(tip__case_id=sanction.case_id) if sanction.case_id else TipFile.objects.none()
    files = {
        each.sha256: SanctionFile(
            file=each.file.name,
            original_name=each.original_name,
            kind=each.kind,
            size_bytes=each.size_bytes,
            sha256=each.sha256,
        )
        for each in of_the_tip
    }
    for upload, kind in zip(uploads, kinds, strict=True):
        digest = hashlib.sha256(upload.content).hexdigest()
        files.setdefault(
            digest,
            SanctionFile(
                file=ContentFile(upload.content, name=random_name()),
                original_name=upload.name[:200],
                kind=kind,
                size_bytes=len(upload.content),
                sha256=digest,
            ),
        )
    for file in files.values():
        file.sanction, file.attached_at = sanction, sanction.proposed_at
        file.save()


@transaction.atomic
def confirm_sanction(*, sanction_id: int, staff_id: int, now: datetime) -> Sanction:
    """Put a proposed sanction in force with the second signature, tell the candidate, and revoke what it revokes.

    Refused (CAND-02) to whoever proposed it or is meant by it. The same signature twice is one. Emits
    candidates.sanction_confirmed, and candidates.certification_changed for each that is revoked.
    """
    candidate, sanction = _locked(sanction_id)
    if sanction.status == Sanction.Status.RUNNING and sanction.decided_by_id == staff_id:
        return sanction
    day = clock.day_of(now)
    decision = require(rules.assess_signature(_signature_facts(candidate, sanction, staff_id, day)))
    # What the dates have made of the certifications by today comes first: only what is not inactive is revoked.
    catch_up(candidate.id, now=now)
    sanction.status, sanction.decision = Sanction.Status.RUNNING, decision.as_json()
    sanction.decided_by_id, sanction.decided_at = staff_id, now
    # The book of the day the sanction was decided governs how long it can be appealed.
    sanction.appeal_until = rules.appeal_until(day, BOOK.on(day))
    sanction.told = _tell(candidate, sanction, "sanction", now=now)
    sanction.save()
    _refresh(candidate, clause="CAND-02", reason=_("Revoked by a sanction"), now=now)
    emit(
        "candidates.sanction_confirmed",
        sanction,
        now=now,
        clause=sanction.clause,
        permanent=sanction.permanent,
        exams_only=sanction.exams_only,
        staff=staff_id,
    )
    return sanction


@transaction.atomic
def decline_sanction(*, sanction_id: int, reason: str, staff_id: int, now: datetime) -> Sanction:
    """Decide against a proposed sanction, or refuse and say why (CAND-02). The candidate is not told of it.

    Emits candidates.sanction_declined.
    """
    candidate, sanction = _locked(sanction_id)
    if sanction.status == Sanction.Status.DECLINED and sanction.decided_by_id == staff_id:
        return sanction
    facts = _signature_facts(candidate, sanction, staff_id, clock.day_of(now), declined_because=reason)
    sanction.decision = require(rules.assess_signature(facts)).as_json()
    sanction.status, sanction.decided_because = Sanction.Status.DECLINED, reason.strip()
    sanction.decided_by_id, sanction.decided_at = staff_id, now
    sanction.save()
    emit("candidates.sanction_declined", sanction, now=now, reason=sanction.decided_because, staff=staff_id)
    return sanction


@transaction.atomic
def lift_sanction(*, sanction_id: int, reason: str, staff_id: int, now: datetime) -> Sanction:
    """End a sanction, so that everything is again as the dates say; or refuse and say why (CAND-02, CERT-10).

    Emits candidates.sanction_lifted, and candidates.certification_changed for each that is no longer revoked.
    """
    candidate, sanction = _locked(sanction_id)
    if sanction.status == Sanction.Status.LIFTED:
        return sanction
    facts = rules.LiftingFacts(sanction.status, candidate.user_id == staff_id, bool(reason.strip()))
    require(rules.assess_lifting(facts))
    _lift(candidate, sanction, staff_id=staff_id, reason=reason.strip(), now=now)
    return sanction


@transaction.atomic
def end_sanction(*, sanction_id: int, now: datetime) -> Sanction:
    """Let a sanction end on the day it was to end; one that was lifted before, or has not come to it, is left alone."""
    candidate, sanction = _locked(sanction_id)
    due = sanction.ends_on is not None and sanction.ends_on <= clock.day_of(now)
    if due and sanction.status == Sanction.Status.RUNNING:
        _lift(candidate, sanction, staff_id=None, reason=_("It ended on the day it was to end."), now=now)
    return sanction


@transaction.atomic
def file_sanction_appeal(*, candidate_id: int, sanction_id: int, words: str, now: datetime) -> Sanction:
    """Take down the candidate's appeal, once and in time, or refuse and say why (CAND-02).

    Sanction.DoesNotExist for a sanction of somebody else, or one that was never in force. The same words sent twice
    are one appeal. Emits candidates.sanction_appealed.
    """
    lock_candidate(candidate_id)
    sanction = Sanction.objects.exclude(status__in=[Sanction.Status.PROPOSED, Sanction.Status.DECLINED]).get(
        id=sanction_id, candidate_id=candidate_id
    )
    if sanction.appealed_at is not None and sanction.appeal == words.strip():
        return sanction
    assert sanction.appeal_until is not None
    require(
        rules.assess_appeal(
            rules.AppealFacts(
                status=sanction.status,
                day=clock.day_of(now),
                until=sanction.appeal_until,
                appealed=sanction.appealed_at is not None,
                words_given=bool(words.strip()),
            )
        )
    )
    sanction.appeal, sanction.appealed_at = words.strip(), now
    sanction.save(update_fields=["appeal", "appealed_at"])
    emit("candidates.sanction_appealed", sanction, now=now)
    return sanction


@transaction.atomic
def decide_sanction_appeal(*, sanction_id: int, outcome: str, reason: str, staff_id: int, now: datetime) -> Sanction:
    """Uphold an appeal, which lifts the sanction, or dismiss it; or refuse and say why (CAND-02).

    Whoever proposed or decided the sanction does not decide the appeal. Emits candidates.sanction_appeal_decided.
    """
    candidate, sanction = _locked(sanction_id)
    if sanction.appeal_outcome == outcome and sanction.appeal_decided_by_id == staff_id:
        return sanction
    require(
        rules.assess_appeal_decision(
            rules.AppealDecisionFacts(
                status=sanction.status,
                waits=sanction.appealed_at is not None and not sanction.appeal_outcome,
                about_self=candidate.user_id == staff_id,
                took_part=staff_id in {sanction.proposed_by_id, sanction.decided_by_id},
                reason_given=bool(reason.strip()),
            )
        )
    )
    sanction.appeal_outcome, sanction.appeal_decided_because = Sanction.Outcome(outcome), reason.strip()
    sanction.appeal_decided_by_id, sanction.appeal_decided_at = staff_id, now
    sanction.save()
    emit("candidates.sanction_appeal_decided", sanction, now=now, outcome=outcome, reason=reason.strip())
    if outcome == Sanction.Outcome.UPHELD:
        _lift(candidate, sanction, staff_id=staff_id, reason=reason.strip(), now=now)
    else:
        _tell(candidate, sanction, "sanction_appeal_dismissed", now=now)
    return sanction


def _locked(sanction_id: int) -> tuple[Candidate, Sanction]:
    """The candidate, locked first, and the sanction as it stands since."""
    candidate = lock_candidate(Sanction.objects.values_list("candidate_id", flat=True).get(id=sanction_id))
    return candidate, Sanction.objects.select_for_update(no_key=True).get(id=sanction_id)


def _signature_facts(
    candidate: Candidate, sanction: Sanction, staff_id: int, day: date, *, declined_because: str | None = None
) -> rules.SignatureFacts:
    return rules.SignatureFacts(
        status=sanction.status,
        about_self=candidate.user_id == staff_id,
        proposed_it=sanction.proposed_by_id == staff_id,
        # One that would have ended already can be declined still.
        ends_on=sanction.ends_on if declined_because is None else None,
        day=day,
        reason_given=declined_because is None or bool(declined_because.strip()),
    )


def _lift(candidate: Candidate, sanction: Sanction, *, staff_id: int | None, reason: str, now: datetime) -> None:
    """End a sanction: what its certifications are now is what their dates say, what became due meanwhile included."""
    catch_up(candidate.id, now=now)
    sanction.status, sanction.lifted_at, sanction.lifted_because = Sanction.Status.LIFTED, now, reason
    sanction.lifted_by_id = staff_id
    sanction.save()
    _refresh(candidate, clause="CERT-10", reason=_("The sanction was lifted: it is again what its dates say"), now=now)
    emit("candidates.sanction_lifted", sanction, now=now, clause=sanction.clause, reason=reason, staff=staff_id)
    _tell(candidate, sanction, "sanction_lifted", now=now)


def _refresh(candidate: Candidate, *, clause: str, reason: str, now: datetime) -> None:
    ids = list(candidate.certifications.values_list("id", flat=True))
    for change in refresh_certifications(ids, clause=clause, reason=reason, now=now):
        emit(
            "candidates.certification_changed",
            change.certification,
            now=now,
            before=change.before,
            after=change.after,
        )


def _tell(candidate: Candidate, sanction: Sanction, kind: str, *, now: datetime) -> Notice:
    notice = compose_notice(
        candidate=candidate,
        kind=kind,
        key=f"{kind}:{sanction.id}",
        context={
            "sanction": sanction,
            "certifications": queries.held_by(candidate.id),
            "day": clock.day_of(now),
            "address": settings.BASE_URL + reverse("candidates:sanction", args=[sanction.id]),
        },
        now=now,
    )
    assert notice is not None  # a sanction is told, lifted and its appeal dismissed once
    return notice
