"""What was said to whom."""

from __future__ import annotations

from candidates.models import Notice
from ceportal.scenarios.binding import Asking, NotBuilt, tells
from ceportal.scenarios.vocabulary import NOTICES

BUILT = frozenset(
    {
        *("lapse_reminder", "lapsed", "renewed", "claim_decided", "sanction"),
        *("payment_reminder", "booking_cancelled", "booking_confirmed"),
        *("emeritus_window", "emeritus_confirmed", "lifetime_emeritus"),
    }
)


@tells("notices")
def notices(asking: Asking, kind: str) -> int:
    """How many messages of a kind were written."""
    if kind not in BUILT:
        raise NotBuilt(f"The notice {kind}", NOTICES[kind])
    return Notice.objects.filter(candidate=asking.candidate, kind=kind).count()
