"""Where certifications stand."""

from __future__ import annotations

from datetime import date

from candidates.models import Certification
from candidates.queries import held_by
from ceportal.scenarios.binding import Asking, tells


def _held(asking: Asking, track: str) -> Certification | None:
    """The certification in a track; None where there never was one."""
    return Certification.objects.filter(candidate=asking.candidate, track__code=track).first()


@tells("status")
def status(asking: Asking, track: str) -> str:
    """The status, as of the last sweep or change; what was never earned is inactive."""
    held = _held(asking, track)
    return held.status if held else Certification.Status.INACTIVE


@tells("lapses_on")
def lapses_on(asking: Asking, track: str) -> date | None:
    """The day on which the active period ends or ended, a term bought ahead included; None where none ever began."""
    held = _held(asking, track)
    return held.active_ends_on if held else None


@tells("inactive_on")
def inactive_on(asking: Asking, track: str) -> date | None:
    """The day on which it becomes inactive if nothing is done; None where none ever began."""
    held = _held(asking, track)
    return held.inactive_on if held else None


@tells("emeritus_until")
def emeritus_until(asking: Asking) -> date | None:
    """The end of the running Emeritus term."""
    for held in held_by(asking.candidate.pk):
        if held.certification.status == Certification.Status.EMERITUS:
            return held.standing_on(asking.day).emeritus_until
    return None
