"""What this app holds about a person (CAND-09); `ceportal/privacy.py` gathers it with what the others hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from candidates import documents, queries
from candidates.models import Candidate, Case, PartnerMember, Sanction
from candidates.rules import assess_document
from candidates.rules.erasure import ErasureFacts, assess_erasure
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.personal_data import Area, Part

# Of these events a candidate learns, if at all, by what came of them.
FOR_STAFF = ("candidates.sanction_proposed", "candidates.sanction_declined", "candidates.case_opened",
             "candidates.case_closed", "credits.audit_opened")  # fmt: skip
# Whoever reads in these looks into something that may not have been told yet (CAND-02, CAND-03, CE-12).
LOOKED_INTO = ("candidates.case", "candidates.sanction", "candidates.tip", "candidates.tipfile",
               "candidates.tipmessage", "credits.audit", "kernel.event", "kernel.delivery")  # fmt: skip
NEVER_TOLD = Q(status__in=[Sanction.Status.PROPOSED, Sanction.Status.DECLINED])

EXPORTED = (
    Area(
        "person",
        (
            Part("candidates.Candidate", "id"),
            Part("candidates.User", "candidate", without=("password", "groups", "user_permissions")),
            Part("candidates.PartnerMember", "user__candidate"),
            Part("account.EmailAddress", "user__candidate"),
            Part("mfa.Authenticator", "user__candidate", without=("data",)),
            Part("partner_api.PersonalToken", "user__candidate", without=("hash",)),
        ),
    ),
    Area(
        "agreements",
        (
            Part("candidates.Acceptance", "candidate"),
            Part("candidates.GuardianConsent", "candidate"),
            Part("candidates.GuardianRequest", "candidate", without=("nonce",)),
            Part("candidates.ResidenceProof", "candidate"),
        ),
    ),
    Area(
        "certifications",
        (
            Part("candidates.Certification", "candidate"),
            Part("candidates.Term", "certification__candidate"),
            Part("candidates.StatusChange", "certification__candidate"),
            Part("candidates.Affiliation", "candidate"),
        ),
    ),
    Area(
        "sharing",
        (
            Part("candidates.VerificationLink", "candidate"),
            Part("candidates.Badge", "certification__candidate"),
        ),
    ),
    Area(
        "sanctions", (Part("candidates.Sanction", "candidate", without=("evidence", "person_mark"), where=~NEVER_TOLD),)
    ),
    Area("notices", (Part("candidates.Notice", "candidate"),)),
    Area(
        "privacy",
        (
            Part("candidates.DataRequest", "candidate", without=("file",)),
            # On a list stand others too, whose numbers are not for this candidate.
            Part(
                "candidates.StaffAccess",
                "candidate_ids",
                without=("candidate_ids", "record_ids", "page"),
                where=~Q(record_type__in=LOOKED_INTO),
            ),
        ),
    ),
    # What happened and when; what an event says stands in the rows that it is about.
    Area("history", (Part("kernel.Event", "candidate_id", without=("payload",), where=~Q(topic__in=FOR_STAFF)),)),
    # What was shown of it outside, and to whom.
    Area("feed", (Part("partner_api.FeedEntry", "candidate_id", without=("position", "application_id")),)),
)


def files(candidate: Candidate, now: datetime) -> Iterator[tuple[str, bytes]]:
    """The certificates that the holder can have today."""
    day = clock.day_of(now)
    held = queries.held_in(candidate.certifications.select_related("candidate"))
    for each in held:
        status = each.status_on(day)
        if status is not None and assess_document("certificate", status).granted:
            yield f"certificates/{each.certification.number}.pdf", documents.certificate(each, day=day)


def holds(candidate: Candidate, now: datetime) -> Decision:
    """What of the record itself stands in the way of an erasure now."""
    day = clock.day_of(now)
    running = list(candidate.sanctions.filter(status=Sanction.Status.RUNNING))
    return assess_erasure(
        ErasureFacts(
            looked_into=candidate.cases.filter(status=Case.Status.OPEN).exists()
            or candidate.sanctions.filter(status=Sanction.Status.PROPOSED).exists(),
            sanction_for_a_while=any(not each.permanent for each in running),
            appeal_open=any(
                (each.appealed_at is None and each.appeal_until is not None and each.appeal_until >= day)
                or (each.appealed_at is not None and not each.appeal_outcome)
                for each in running
            ),
            acts_for_others=(candidate.user is not None and candidate.user.is_staff)
            or PartnerMember.objects.filter(user__candidate=candidate, active=True).exists(),
        )
    )
