"""Tips: filed by whoever, followed up by passphrase, looked into and closed by staff (CAND-03).

Nothing of the reporter is kept but what they write. A tip that names nobody yet belongs to no candidate; its services
lock the tip's row, after the candidate's where it is led to one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.crypto import salted_hmac

from candidates import rules
from candidates.models import Case, Tip, TipFile, TipMessage
from candidates.services.cases import close_case, open_case
from candidates.services.people import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.codes import code_of, random_code
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from ceportal.kernel.uploads import Upload, random_name

FILES_AT_MOST = 20  # of a tip, so that nobody fills the disk; and words of its reporter, likewise
WORDS_AT_MOST = 50
REFERENCE_GROUPS, PASSPHRASE_GROUPS = 2, 6  # of four letters of 23: 36 bits to name it by, 108 that nobody guesses


@dataclass(frozen=True, slots=True)
class TipForm:
    """What a reporter writes."""

    words: str
    happened_on: date
    person: str = ""
    activity: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class FiledTip:
    """A tip that was filed, and the passphrase that is kept nowhere."""

    tip: Tip
    passphrase: str


@transaction.atomic
def file_tip(
    *, form_key: UUID, form: TipForm, uploads: Sequence[Upload] = (), language: str = "en", now: datetime
) -> FiledTip:
    """Take a report of suspected misconduct, open its case, and give the passphrase; or refuse and say why (CAND-03).

    The same form sent again gives the same tip with the same passphrase, which is made from the form's key and of
    which the hash is kept. Emits candidates.tip_filed.
    """
    secret = salted_hmac("candidates.tip", str(form_key), algorithm="sha256").digest()
    passphrase, sent_as = code_of(secret, PASSPHRASE_GROUPS), _sha256(str(form_key))
    filed = Tip.objects.filter(form_sha256=sent_as).first()
    if filed is not None:
        return FiledTip(filed, passphrase)
    facts = rules.TipFacts(bool(form.words.strip()), form.happened_on, clock.day_of(now))
    kinds = _assess_files(uploads, kept=0)
    require(rules.assess_tip(facts))
    reference = random_code(REFERENCE_GROUPS)
    case = open_case(
        key=f"tip:{reference}",
        kind=Case.Kind.TIP,
        clause="CAND-03",
        candidate_id=None,
        subject="",
        facts={"decision": rules.tip_came_in(reference).as_json()},
        now=now,
    )
    tip = Tip.objects.create(
        reference=reference,
        passphrase_sha256=hash_of(reference, passphrase),
        form_sha256=sent_as,
        person=form.person.strip(),
        activity=form.activity.strip(),
        happened_on=form.happened_on,
        words=form.words.strip(),
        language=language,
        address=form.address.strip(),
        case=case,
        filed_at=now,
    )
    Case.objects.filter(id=case.id).update(subject=f"candidates.tip:{tip.id}")
    _keep_files(tip, uploads, kinds, now=now)
    emit("candidates.tip_filed", tip, now=now)
    return FiledTip(tip, passphrase)


def hash_of(reference: str, passphrase: str) -> str:
    """What is kept of a passphrase. It is random and long, so that one round of a hash tells nobody what it was."""
    return _sha256(f"{reference}:{passphrase}")


@transaction.atomic
def add_to_tip(*, tip_id: int, form_key: UUID, words: str, uploads: Sequence[Upload] = (), now: datetime) -> TipMessage:
    """Let the reporter say more and add files, or refuse and say why (CAND-03). The caller has seen the passphrase.

    The same form sent again says it once. Emits candidates.tip_added_to.
    """
    tip = Tip.objects.select_for_update(no_key=True).get(id=tip_id)
    sent_as = _sha256(str(form_key))
    said = tip.messages.filter(form_sha256=sent_as).first()
    if said is not None:
        return said
    facts = rules.TipWordFacts(
        status=tip.status,
        words_given=bool(words.strip()),
        said=tip.messages.filter(staff__isnull=True).count(),
        said_at_most=WORDS_AT_MOST,
    )
    require(rules.assess_tip_word(facts))
    kinds = _assess_files(uploads, kept=tip.files.count())
    message = TipMessage.objects.create(tip=tip, words=words.strip(), form_sha256=sent_as, written_at=now)
    _keep_files(tip, uploads, kinds, now=now)
    emit("candidates.tip_added_to", tip, now=now)
    return message


@transaction.atomic
def ask_reporter(*, tip_id: int, form_key: UUID, words: str, staff_id: int, now: datetime) -> TipMessage:
    """Write to the reporter, who reads it with the passphrase and is told by mail where an address was left (CAND-03).

    Refused to the person it is about (CAND-02). The same form sent again says it once. Emits candidates.tip_asked.
    """
    tip = _lock(tip_id)
    sent_as = _sha256(str(form_key))
    said = tip.messages.filter(form_sha256=sent_as).first()
    if said is not None:
        return said
    facts = rules.TipActFacts(tip.status, _is_about(tip, staff_id), words_given=bool(words.strip()))
    require(rules.assess_tip_act(facts))
    message = TipMessage.objects.create(
        tip=tip, staff_id=staff_id, words=words.strip(), form_sha256=sent_as, written_at=now
    )
    emit("candidates.tip_asked", tip, now=now, staff=staff_id)
    return message


@transaction.atomic
def link_tip(*, tip_id: int, candidate_id: int, staff_id: int, now: datetime) -> Tip:
    """Lead a tip's case to the candidate whom it concerns, so that a sanction can be proposed from it (CAND-02).

    Refused to whoever is that candidate, and once a sanction was proposed from it. The event names the candidate in
    what it says, not as its own: what others report of somebody is not part of their record (CAND-03). Emits
    candidates.tip_linked.
    """
    candidate = lock_candidate(candidate_id)
    tip = _lock(tip_id)
    if tip.case.candidate_id == candidate.id:
        return tip
    about_self = candidate.user_id == staff_id or _is_about(tip, staff_id)
    require(rules.assess_tip_act(rules.TipActFacts(tip.status, about_self, sanctions=tip.case.sanctions.count())))
    tip.case.candidate = candidate
    tip.case.save(update_fields=["candidate"])
    emit("candidates.tip_linked", tip, now=now, candidate=candidate.id, staff=staff_id)
    return tip


@transaction.atomic
def close_tip(*, tip_id: int, outcome: str, answer: str, resolution: str, staff_id: int, now: datetime) -> Tip:
    """Close a tip and its case: the reporter reads outcome and answer, staff the resolution; or refuse (CAND-03).

    Refused to the person it is about (CAND-02). Closed once, it stays as it is. Emits candidates.tip_closed.
    """
    tip = _lock(tip_id)
    if tip.status == Tip.Status.CLOSED:
        return tip
    facts = rules.TipActFacts(tip.status, _is_about(tip, staff_id), words_given=bool(answer.strip()))
    require(rules.assess_tip_act(facts))
    tip.status, tip.outcome, tip.answer = Tip.Status.CLOSED, Tip.Outcome(outcome), answer.strip()
    tip.closed_at, tip.closed_by_id = now, staff_id
    tip.save(update_fields=["status", "outcome", "answer", "closed_at", "closed_by"])
    close_case(case_id=tip.case_id, user_id=staff_id, resolution=resolution, now=now)
    emit("candidates.tip_closed", tip, now=now, outcome=outcome, staff=staff_id)
    return tip


def _lock(tip_id: int) -> Tip:
    return (
        Tip.objects.select_for_update(no_key=True, of=("self", "case")).select_related("case__candidate").get(id=tip_id)
    )


def _is_about(tip: Tip, staff_id: int) -> bool:
    return tip.case.candidate is not None and tip.case.candidate.user_id == staff_id


def _assess_files(uploads: Sequence[Upload], *, kept: int) -> list[str]:
    """The kinds of files that can all be taken; Refused where one of them cannot."""
    inspected = [rules.assess_tip_file(name=each.name, content=each.content) for each in uploads]
    decision = rules.assess_tip_files(files=kept + len(uploads), at_most=FILES_AT_MOST)
    for each in inspected:
        decision += each.decision
    require(decision)
    return [each.kind for each in inspected]


def _keep_files(tip: Tip, uploads: Sequence[Upload], kinds: Sequence[str], *, now: datetime) -> None:
    """Keep files with a tip; one that is there already is kept once."""
    for upload, kind in zip(uploads, kinds, strict=True):
        digest = hashlib.sha256(upload.content).hexdigest()
        if tip.files.filter(sha256=digest).exists():
            continue
        TipFile.objects.create(
            tip=tip,
            file=ContentFile(upload.content, name=random_name()),
            original_name=upload.name[:200],
            kind=kind,
            size_bytes=len(upload.content),
            sha256=digest,
            uploaded_at=now,
        )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
