"""What a candidate does with the claim form in one go: keep what was typed, attach files, take one back, hand in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ceportal.kernel.decisions import Decision, Refused
from credits.models import Claim
from credits.rules import claims as rules
from credits.services import claims
from credits.services.claims import ClaimForm


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was handed over."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of the form: the claim, and what was refused of the files or of the handing in."""

    claim: Claim
    files_refused: tuple[Decision, ...] = ()
    refused: Decision | None = None


def file_claim(
    *,
    candidate_id: int,
    form_key: UUID,
    form: ClaimForm,
    now: datetime,
    uploads: Sequence[Upload] = (),
    remove_evidence_id: int | None = None,
    submit: bool = False,
) -> Filed:
    """Keep the form as a draft, attach its files and, if asked, hand it in.

    Each step is a transaction of its own: what was typed and attached stays when a later step is refused. A claim
    whose files were not all accepted is not handed in.
    """
    claim = claims.save_draft(candidate_id=candidate_id, form_key=form_key, form=form, now=now)
    if claim.status not in rules.WITH_CANDIDATE:
        return Filed(claim)  # sent twice: it was handed in by the first
    if remove_evidence_id is not None:
        claims.remove_evidence(candidate_id=candidate_id, evidence_id=remove_evidence_id, now=now)
    files_refused = []
    for upload in uploads:
        try:
            claims.attach_evidence(
                candidate_id=candidate_id, claim_id=claim.id, name=upload.name, content=upload.content, now=now
            )
        except Refused as refusal:
            files_refused.append(refusal.decision)
    if not submit or files_refused:
        return Filed(claim, tuple(files_refused))
    try:
        return Filed(claims.submit_claim(candidate_id=candidate_id, claim_id=claim.id, now=now))
    except Refused as refusal:
        return Filed(claim, refused=refusal.decision)
