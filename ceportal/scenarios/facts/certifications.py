"""Where certifications stand."""

from __future__ import annotations

from datetime import date

from candidates.models import Certification
from candidates.queries import held_by
from ceportal.scenarios.binding import Asking, CannotTell, tells


def _held(asking: Asking, track: str) -> Certification:
    held = Certification.objects.filter(candidate=asking.candidate, track__code=track).first()
    if held is None:
        raise CannotTell(f"{asking.candidate.name} was never certified in {track}.")
    return held


@tells("status")
def status(asking: Asking, track: str) -> str:
    """The status, as of the last sweep or change."""
    return _held(asking, track).status


@tells("lapses_on")
def lapses_on(asking: Asking, track: str) -> date | None:
    """The day on which the active period ends or ended, a term bought ahead included."""
    return _held(asking, track).active_ends_on


@tells("inactive_on")
def inactive_on(asking: Asking, track: str) -> date | None:
    """The day on which it becomes inactive if nothing is done."""
    return _held(asking, track).inactive_on


@tells("emeritus_until")
def emeritus_until(asking: Asking) -> date | None:
    """The end of the running Emeritus term."""
    for held in held_by(asking.candidate.pk):
        if held.certification.status == Certification.Status.EMERITUS:
            return held.standing_on(asking.day).emeritus_until
    return None
