"""Certifications, and what their holders accept."""

from __future__ import annotations

from datetime import date

from candidates.services import accept_agreement, change_residence, import_certification
from ceportal.scenarios.binding import Act, CannotTell, does
from emeritus.models import EmeritusRecord
from emeritus.services import import_emeritus


@does("certify")
def certify(
    act: Act,
    *,
    track: str,
    certified_on: date | None = None,
    term_started_on: date | None = None,
    emeritus_until: date | None = None,
    emeritus_route: str = EmeritusRecord.Route.RECERTIFY,
    emeritus_origin: str = EmeritusRecord.Origin.PURCHASE,
) -> None:
    """Import a certification from the records; one of this very day is earned there and then."""
    certified_on = certified_on or act.day
    if certified_on > act.day or (term_started_on or act.day) > act.day:
        raise CannotTell(f"The records of {act.day} know nothing that comes later.")
    if term_started_on is not None and term_started_on < certified_on:
        raise CannotTell(f"No term of a certification first earned on {certified_on} began before that day.")
    if emeritus_until is not None:
        import_emeritus(
            candidate_id=act.candidate.pk,
            track_code=track,
            certified_on=certified_on,
            since=term_started_on,
            until=emeritus_until,
            route=emeritus_route,
            origin=emeritus_origin,
            now=act.now,
        )
        return
    if emeritus_route != EmeritusRecord.Route.RECERTIFY or emeritus_origin != EmeritusRecord.Origin.PURCHASE:
        raise CannotTell("emeritus_route and emeritus_origin say something about emeritus_until, which is missing.")
    if certified_on == act.day and term_started_on not in {None, act.day}:
        raise CannotTell("What is earned on this day has no term that began on another.")
    import_certification(
        candidate_id=act.candidate.pk,
        track_code=track,
        certified_on=certified_on,
        term_started_on=term_started_on,
        now=act.now,
    )


@does("accept")
def accept(act: Act, *, what: str) -> None:
    """Accept the version of a text that is in force."""
    accept_agreement(candidate_id=act.candidate.pk, kind=what, ip_address=None, now=act.now)


@does("move")
def move(act: Act, *, country: str = "", region: str = "") -> None:
    """Live elsewhere: in another country, or in another region of the same."""
    if not country and not region:
        raise CannotTell("Somebody who moves has a new country or region.")
    change_residence(
        candidate_id=act.candidate.pk, country=country or act.candidate.country, region=region, now=act.now
    )
