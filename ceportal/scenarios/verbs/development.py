"""What the exam team reports, and audits."""

from __future__ import annotations

from ceportal.scenarios.binding import Act, does
from credits.services.development import record_authored_items, record_workshop


@does("author")
def author(act: Act, *, kind: str, accepted: int, direct: bool = True) -> None:
    """Report exam items accepted on this day."""
    record_authored_items(
        candidate_id=act.candidate.pk,
        reference=_reference(act),
        kind=kind,
        accepted=accepted,
        direct=direct,
        accepted_on=act.day,
        staff_id=act.stage.staff().pk,
        now=act.now,
    )


@does("workshop")
def workshop(act: Act, *, kind: str, level: str, days: int) -> None:
    """Report the days in a workshop of which this is the last."""
    record_workshop(
        candidate_id=act.candidate.pk,
        reference=_reference(act),
        kind=kind,
        level=level,
        days=days,
        held_on=act.day,
        staff_id=act.stage.staff().pk,
        now=act.now,
    )


def _reference(act: Act) -> str:
    """The exam team's own number of what it reports: each step of a story reports something else."""
    number = act.stage.memory["reported by the exam team"] = act.stage.memory.get("reported by the exam team", 0) + 1
    return f"scenario-{number}"
