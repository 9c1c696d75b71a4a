"""A minor's parent or guardian is asked by a link, signs by it, and can take the signature back (CAND-05)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from candidates import guardians, queries, rules
from candidates.models import Agreement, Candidate, GuardianConsent, GuardianRequest
from candidates.models.guardians import NONCE_LENGTH
from candidates.services.people import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK

LINKS_A_DAY = 5  # so that nobody's mailbox is filled
EVIDENCE = "Signed in the portal by the link sent to {email}, from the address {address}."
TAKEN_BACK = "Taken back by whoever signed it, by the same link."


@transaction.atomic
def ask_guardian(
    *, candidate_id: int, email: str, language: str, asked_by_id: int | None, now: datetime
) -> GuardianRequest:
    """Send a parent or guardian a link by which they sign, or refuse and say why (CAND-04 to CAND-06).

    A link that waits at another address is withdrawn by it; asked again at the same one, that link stays as it is.
    `asked_by_id` is None where the candidate asks. Emits candidates.guardian_asked, without the link.
    """
    candidate = lock_candidate(candidate_id)
    waiting = GuardianRequest.objects.filter(candidate=candidate, signed_at=None, withdrawn_at=None).first()
    address = email.strip()
    if waiting is not None and waiting.email.lower() == address.lower() and now < waiting.expires_at:
        return waiting
    day = clock.day_of(now)
    # The book of the day it is sent governs.
    policy = BOOK.on(day)
    require(rules.assess_asking_guardian(_asking_facts(candidate, address, now=now), policy))
    if waiting is not None:
        _withdraw(waiting, now=now)
    asked = GuardianRequest.objects.create(
        candidate=candidate,
        nonce=secrets.token_urlsafe(NONCE_LENGTH * 3 // 4),
        email=address,
        language=language,
        asked_at=now,
        asked_by_id=asked_by_id,
        expires_at=now + timedelta(days=policy["guardian.link_days"].value),
    )
    emit("candidates.guardian_asked", asked, now=now, expires_at=asked.expires_at.isoformat())
    return asked


def _asking_facts(candidate: Candidate, address: str, *, now: datetime) -> rules.AskingGuardianFacts:
    own = {candidate.email.lower(), candidate.user.email.lower() if candidate.user else ""}
    lately = GuardianRequest.objects.filter(candidate=candidate, asked_at__gt=now - timedelta(days=1))
    return rules.AskingGuardianFacts(
        born=candidate.born,
        country=candidate.country,
        day=clock.day_of(now),
        own_address=address.lower() in own,
        already_signed=GuardianConsent.objects.filter(candidate=candidate, withdrawn_at=None).exists(),
        asked_lately=lately.count(),
        asked_at_most=LINKS_A_DAY,
    )


@transaction.atomic
def withdraw_guardian_request(*, candidate_id: int, request_id: int, now: datetime) -> GuardianRequest:
    """Let a link that waits be signed by nobody any more. DoesNotExist for another candidate's.

    One that was signed, or withdrawn before, stays as it is. Emits candidates.guardian_request_withdrawn.
    """
    lock_candidate(candidate_id)
    asked = GuardianRequest.objects.get(id=request_id, candidate_id=candidate_id)
    if asked.signed_at is None and asked.withdrawn_at is None:
        _withdraw(asked, now=now)
    return asked


def _withdraw(asked: GuardianRequest, *, now: datetime) -> None:
    asked.withdrawn_at = now
    asked.save(update_fields=["withdrawn_at"])
    emit("candidates.guardian_request_withdrawn", asked, now=now)


@transaction.atomic
def sign_as_guardian(
    *,
    token: str,
    name: str,
    relation: str,
    confirmed: bool,
    version: str,
    language: str,
    user_id: int | None,
    ip_address: str | None,
    now: datetime,
) -> GuardianConsent:
    """Sign for a minor by a link, once, or refuse and say why (CAND-05). Signed before, it gives that signature.

    `version` and `language` are those of the agreement that was read; `user_id` is who is signed in, if anybody.
    GuardianRequest.DoesNotExist for no link of the portal's, Agreement.DoesNotExist where the text was replaced
    meanwhile. Emits candidates.guardian_consented.
    """
    asked = _lock(token)
    candidate, day = asked.candidate, clock.day_of(now)
    state = rules.state_of(guardians.times_of(asked), now=now)
    if state == rules.LinkState.SIGNED:
        assert asked.consent is not None
        return asked.consent
    require(
        rules.assess_guardian_signature(
            rules.GuardianSignatureFacts(
                state=state,
                born=candidate.born,
                day=day,
                expires_on=clock.day_of(asked.expires_at),
                name_given=bool(name.strip()),
                confirmed=confirmed,
                by_self=user_id is not None and user_id == candidate.user_id,
            ),
            BOOK.on(day),
        )
    )
    agreement = queries.current_agreement(Agreement.Kind.AGREEMENT, day)
    if agreement is not None and agreement.version != version:
        raise Agreement.DoesNotExist(Agreement.Kind.AGREEMENT)
    consent, _created = GuardianConsent.objects.get_or_create(
        candidate=candidate,
        guardian=name.strip(),
        signed_on=day,
        withdrawn_at=None,
        defaults={
            "relation": relation.strip(),
            "evidence": EVIDENCE.format(email=asked.email, address=ip_address or "-"),
            "recorded_at": now,
        },
    )
    asked.signed_at, asked.ip_address, asked.consent, asked.agreement = now, ip_address, consent, agreement
    asked.language_read = agreement.words_in(language).language if agreement else ""
    asked.save(update_fields=["signed_at", "ip_address", "consent", "agreement", "language_read"])
    emit("candidates.guardian_consented", consent, now=now, signed_on=day.isoformat())
    return consent


@transaction.atomic
def take_back_as_guardian(*, token: str, now: datetime) -> GuardianConsent:
    """Take a signature back by the link that gave it, or refuse and say why (CAND-05); taken back before, it stays so.

    GuardianRequest.DoesNotExist for no link of the portal's. Emits candidates.guardian_consent_withdrawn.
    """
    asked = _lock(token)
    consent, day = asked.consent, clock.day_of(now)
    if consent is not None and consent.withdrawn_at is not None:
        return consent
    require(
        rules.assess_taking_back(signed=consent is not None, born=asked.candidate.born, day=day, policy=BOOK.on(day))
    )
    assert consent is not None
    consent.withdrawn_at, consent.withdrawn_because = now, TAKEN_BACK
    consent.save(update_fields=["withdrawn_at", "withdrawn_because"])
    emit("candidates.guardian_consent_withdrawn", consent, now=now, reason=TAKEN_BACK)
    return consent


def _lock(token: str) -> GuardianRequest:
    """The request of a link as it stands once its candidate is locked."""
    found = guardians.find_request(token)
    if found is None:
        raise GuardianRequest.DoesNotExist
    lock_candidate(found.candidate_id)
    return GuardianRequest.objects.select_related("candidate", "consent").get(id=found.id)
