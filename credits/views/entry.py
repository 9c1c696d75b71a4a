"""The claim form between the browser and the services: which claim it is, its fields, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import Http404

from candidates.access import CandidateRequest
from catalog.models import Item
from ceportal.kernel import clock
from ceportal.kernel.explain import explain_finding
from credits.forms.claim_forms import FIELD_OF_CLAUSE, ClaimEntryForm
from credits.models import Claim
from credits.reading import claim_page
from credits.rules.claims import WITH_CANDIDATE
from credits.services.filing import Filed


@dataclass(frozen=True, slots=True)
class Entry:
    """A claim form being filled in, and the claim kept of it so far."""

    request: CandidateRequest
    key: UUID
    claim: Claim | None
    item: Item | None
    now: datetime

    @classmethod
    def read(cls, request: CandidateRequest, *, key: UUID, now: datetime) -> Entry:
        """The form with this key. Http404 where it is somebody else's."""
        claim = Claim.objects.filter(form_key=key).select_related("item", "provider", "delivery").first()
        if claim is not None and claim.candidate_id != request.candidate.id:
            raise Http404
        item = claim.item if claim is not None else None
        code = request.POST.get("item") or request.GET.get("item")
        if code and (claim is None or claim.status == Claim.Status.DRAFT):
            item = Item.objects.filter(code=code).first()
        return cls(request, key, claim, item, now)

    @property
    def day(self) -> date:
        return clock.day_of(self.now)

    @property
    def fillable(self) -> bool:
        """Whether the claim is with the candidate: new, a draft, or returned."""
        return self.claim is None or self.claim.status in WITH_CANDIDATE

    def blank_form(self) -> ClaimEntryForm:
        """The form as it begins: what the draft holds."""
        initial = claim_page.initial_values(self.claim, self.key, self.item, self.day)
        return ClaimEntryForm(initial=initial, claim=self.claim, item=self.item, day=self.day)

    def sent_form(self) -> ClaimEntryForm:
        """The form as it was sent."""
        return ClaimEntryForm(
            self.request.POST,
            self.request.FILES,
            claim=self.claim,
            item=self.item,
            day=self.day,
            submitting="submit" in self.request.POST,
        )

    def evidence_to_remove(self) -> int | None:
        """The file of this claim whose button was pressed."""
        pressed = self.request.POST.get("remove", "")
        kept = {str(each.id): each.id for each in claim_page.kept_evidence(self.claim)} if pressed else {}
        return kept.get(pressed)

    def context(self, form: ClaimEntryForm) -> dict[str, Any]:
        """What the page shows."""
        return claim_page.form_context(form, self.claim, self.request.candidate, self.key, self.item, now=self.now)


def complain(form: ClaimEntryForm, filed: Filed) -> None:
    """Put what was refused beside the fields it is about; what has no field of its own stands above the form."""
    for decision in filed.files_refused:
        for finding in decision.unmet:
            readable = explain_finding(finding)
            form.add_error("evidence", f"{readable.text} {readable.next_step_text} ({finding.clause})")
    if filed.refused is None:
        return
    for finding in filed.refused.unmet:
        readable = explain_finding(finding)
        field = FIELD_OF_CLAUSE.get(finding.clause)
        message = f"{readable.text} {readable.next_step_text} ({finding.clause})"
        form.add_error(field if field in form.fields else None, message)
