"""Whether Emeritus can be bought."""

from __future__ import annotations

from ceportal.scenarios.binding import Asking, Permission, tells
from emeritus.queries import may_buy


@tells("may.buy_emeritus")
def may_buy_emeritus(asking: Asking, family: str) -> Permission:
    """Whether a term of a family can be bought today, by somebody who was warned (EMR-09)."""
    return Permission(may_buy(asking.candidate.pk, family, asking.day))
