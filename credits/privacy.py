"""What this app holds about a person (CAND-09): enrollment, claims with their files, and the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePath

from django.db.models import Q, Value

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.personal_data import Area, Part
from credits.models import Appeal, Audit, Claim, Evidence, Receipt, RosterRow
from credits.papers import statement_paper
from credits.rules.erasure import OpenClaimFacts, assess_erasure

# Whether a claim is drawn for an audit is nobody's to know before it is told.
NOT_TOLD_OF = ("audit_lot", "audit_due")

EXPORTED = (
    Area(
        "claims",
        (
            Part("credits.Enrollment", "candidate"),
            Part("credits.Claim", "candidate", without=NOT_TOLD_OF),
            Part("credits.Evidence", "claim__candidate", without=("file",)),
            Part("credits.Receipt", "claim__candidate"),
            Part("credits.Audit", "claim__candidate", where=Q(told=True)),
            Part("credits.Appeal", "claim__candidate"),
            Part("credits.CompletionReport", "candidate"),
            Part("credits.RosterRow", "candidate"),
        ),
    ),
    Area(
        "activities",
        (
            Part("credits.Attendance", "candidate"),
            Part("credits.AuthoredItems", "candidate"),
            Part("credits.Workshop", "candidate"),
        ),
    ),
    Area(
        "ledger",
        (
            Part("credits.Cycle", "candidate"),
            Part("credits.Grant", "candidate"),
            Part("credits.Entry", "candidate"),
            Part("credits.Recertification", "candidate"),
            Part("credits.AdministrativeFee", "cycle__candidate"),
        ),
    ),
)
ENDINGS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}


def files(candidate: Candidate, now: datetime) -> Iterator[tuple[str, bytes]]:
    """The evidence that is kept, also what was taken back since, and the statement of the ledger."""
    kept = (
        Evidence.objects.filter(claim__candidate=candidate, destroyed_at__isnull=True)
        .select_related("claim")
        .order_by("id")
    )
    for evidence in kept:
        with evidence.file.open("rb") as opened:
            name = f"{evidence.pk}-{PurePath(evidence.original_name).stem[:60]}{ENDINGS[evidence.kind]}"
            yield f"evidence/{evidence.claim.number}/{name}", opened.read()
    document = statement_paper.compose(candidate, day=clock.day_of(now), now=now)
    yield "ledger.pdf", statement_paper.as_pdf(document)


def holds(candidate: Candidate, now: datetime) -> Decision:  # noqa: ARG001 - as every app's
    """Claims that somebody has to decide about."""
    return assess_erasure(
        OpenClaimFacts(
            handed_in=candidate.claims.filter(status=Claim.Status.SUBMITTED).exists(),
            audited=Audit.objects.filter(claim__candidate=candidate, status=Audit.Status.OPEN).exists(),
            appealed=Appeal.objects.filter(claim__candidate=candidate, status=Appeal.Status.OPEN).exists(),
        )
    )


def erase(candidate: Candidate, now: datetime) -> Iterator[str]:
    """Destroy the evidence and empty what was written about claims. The ledger and what it rests on stay."""
    own = Evidence.objects.filter(claim__candidate=candidate)
    yield from own.exclude(file="").values_list("file", flat=True)
    own.filter(destroyed_at__isnull=True).update(destroyed_at=now, destroyed_because=Evidence.Destroyed.ERASURE)
    own.update(file="", original_name="erased")
    candidate.claims.update(note="", reason="")
    gone = Value("erased")
    audits = Audit.objects.filter(claim__candidate=candidate)
    audits.update(asked="", answer="")
    audits.exclude(reason="").update(reason=gone)
    for appeal in Appeal.objects.filter(claim__candidate=candidate):
        appeal.words, appeal.frozen = "", {**appeal.frozen, "note": "", "files": []}
        appeal.reason = "erased" if appeal.reason else ""
        appeal.save(update_fields=["words", "frozen", "reason"])
    Receipt.objects.filter(claim__candidate=candidate).update(content={}, note="", token="")
    for row in RosterRow.objects.filter(given__candidate=candidate.number):
        row.given = {**row.given, "name": ""}
        row.save(update_fields=["given"])
