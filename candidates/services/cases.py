"""Cases: what a rule leaves to people, opened with all that is known and closed with what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from candidates import rules
from candidates.models import Case, Tip
from ceportal.kernel.decisions import Decision, finding, require
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.outbox import emit


@transaction.atomic
def open_case(
    *,
    key: str,
    kind: Case.Kind,
    clause: str,
    candidate_id: int | None,
    subject: str,
    facts: Mapping[str, Any],
    now: datetime,
) -> Case:
    """Put something before programme staff; the key makes it one case however often it is found.

    `subject` names what it is about as "app.model:id"; `facts` is all that is needed to decide, as it stands now.
    """
    case, created = Case.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "clause": clause,
            "candidate_id": candidate_id,
            "subject": subject,
            "facts": dict(facts),
            "opened_at": now,
        },
    )
    if created:
        emit("candidates.case_opened", case, candidate_id=candidate_id, now=now, kind=kind, clause=clause)
    return case


@transaction.atomic
def close_case(*, case_id: int, user_id: int, resolution: str, now: datetime) -> Case:
    """Close a case with what was decided. Refused without a reason, or to the person it is about (CAND-02).

    One that a tip opened is closed with the tip (CAND-03).
    """
    case = Case.objects.select_for_update(no_key=True, of=("self",)).select_related("candidate").get(id=case_id)
    if case.status == Case.Status.CLOSED:
        return case
    require(
        Decision(
            (
                finding(
                    case.clause,
                    bool(resolution.strip()),
                    yes=_("It is said what was decided."),
                    no=_("A case is not closed without saying what was decided."),
                    next_step=_("Write down what you decided, and why."),
                ),
                finding(
                    "CAND-02",
                    case.candidate is None or case.candidate.user_id != user_id,
                    yes=_("It is not a case about yourself."),
                    no=_("Nobody decides a case about themselves."),
                    next_step=_("Ask a colleague to decide it."),
                ),
            )
        )
        + rules.assess_case_of_tip(tip_is_open=Tip.objects.filter(case=case, status=Tip.Status.OPEN).exists())
    )
    case.status, case.closed_at, case.closed_by_id = Case.Status.CLOSED, now, user_id
    case.resolution = resolution.strip()
    case.save(update_fields=["status", "closed_at", "closed_by", "resolution"])
    emit("candidates.case_closed", case, candidate_id=case.candidate_id, now=now, kind=case.kind)
    return case
