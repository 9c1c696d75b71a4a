"""What this app holds about a person (CAND-09); `ceportal/privacy.py` gathers it with what the others hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from candidates import documents, queries
from candidates.models import Candidate, Sanction
from candidates.rules import assess_document
from ceportal.kernel import clock
from ceportal.kernel.personal_data import Area, Part

# Of these events a candidate learns, if at all, by what came of them.
FOR_STAFF = ("candidates.sanction_proposed", "candidates.sanction_declined", "candidates.case_opened",
             "candidates.case_closed", "credits.audit_opened")  # fmt: skip
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
    Area("sanctions", (Part("candidates.Sanction", "candidate", without=("evidence",), where=~NEVER_TOLD),)),
    Area("notices", (Part("candidates.Notice", "candidate"),)),
    Area(
        "privacy",
        (
            Part("candidates.DataRequest", "candidate", without=("file",)),
            # On a list stand others too, whose numbers are not for this candidate.
            Part("candidates.StaffAccess", "candidate_ids", without=("candidate_ids", "record_ids")),
        ),
    ),
    # What happened and when; what an event says stands in the rows that it is about.
    Area("history", (Part("kernel.Event", "candidate_id", without=("payload",), where=~Q(topic__in=FOR_STAFF)),)),
)


def files(candidate: Candidate, now: datetime) -> Iterator[tuple[str, bytes]]:
    """The certificates that the holder can have today."""
    day = clock.day_of(now)
    held = queries.held_in(candidate.certifications.select_related("candidate"))
    for each in held:
        status = each.status_on(day)
        if status is not None and assess_document("certificate", status).granted:
            yield f"certificates/{each.certification.number}.pdf", documents.certificate(each, day=day)
