"""What this app holds about a person (CAND-09)."""

from __future__ import annotations

from ceportal.kernel.personal_data import Area, Part

EXPORTED = (
    Area(
        "emeritus",
        (
            Part("emeritus.EmeritusPurchase", "candidate"),
            Part("emeritus.EmeritusRecord", "certification__candidate"),
            Part("emeritus.WindowTold", "candidate"),
        ),
    ),
)
