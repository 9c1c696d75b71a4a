"""A certification as its holder reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from django.http import Http404

from candidates import queries
from candidates.models import Candidate, Certification, StatusChange, Term
from candidates.rules import ENDED, date_term
from ceportal.kernel.policy import BOOK


@dataclass(frozen=True, slots=True)
class TermLine:
    """A term with the dates it runs to."""

    term: Term
    ends_on: date | None
    state: str  # past, running or coming


@dataclass(frozen=True, slots=True)
class CertificationPage:
    """One certification with its life."""

    held: queries.Held
    certification: Certification
    status: str
    status_label: str
    ended: bool
    starts_on: date | None
    active_ends_on: date | None
    inactive_on: date | None
    emeritus_until: date | None
    terms: tuple[TermLine, ...]  # the latest first
    changes: tuple[StatusChange, ...]


def certification_page(candidate: Candidate, number: str, *, day: date) -> CertificationPage:
    """A candidate's own certification on a day. Http404 for anybody else's."""
    found = queries.held_in(Certification.objects.filter(candidate=candidate, number=number))
    if not found:
        raise Http404
    (held,) = found
    certification, standing = held.certification, held.standing_on(day)
    revoked = certification.status == Certification.Status.REVOKED
    status = Certification.Status.REVOKED.value if revoked else standing.status
    lines = terms_of(held, day)
    return CertificationPage(
        held=held,
        certification=certification,
        status=status,
        status_label=str(Certification.Status(status).label),
        ended=status in ENDED,
        starts_on=next((line.term.starts_on for line in lines if line.state == "running"), None),
        active_ends_on=standing.active_ends_on,
        inactive_on=standing.inactive_on,
        emeritus_until=standing.emeritus_until,
        terms=lines,
        changes=tuple(certification.status_changes.order_by("-effective_on", "-id")),
    )


def terms_of(held: queries.Held, day: date) -> tuple[TermLine, ...]:
    """The terms of a certification as they stand on a day, the latest first."""
    terms = list(held.certification.terms.all())  # prefetched
    status = held.status_on(day)
    own = [term for term in terms if term.reason != Term.Reason.BOUGHT]
    begun = [term for term in own if term.starts_on <= day]
    lines = []
    for term, following in zip(own, [*own[1:], None], strict=True):
        dates = date_term(BOOK, level=held.life.level, starts_on=term.starts_on, day=day)
        ends_on = term.ends_on or (dates.active_ends_on if dates else None)
        if following is not None and (ends_on is None or following.starts_on < ends_on):
            ends_on = following.starts_on  # of two terms that overlap, the one that begins later holds
        runs = bool(begun) and term is begun[-1] and status in {"active", "suspended"}
        lines.append(TermLine(term, ends_on, "coming" if term.starts_on > day else "running" if runs else "past"))
    # What was bought as Emeritus begins when the active status ends (EMR-06).
    emeritus = [term for term in terms if term.ends_on and term.renewed_on <= day < term.ends_on]
    running = min(emeritus, key=lambda term: term.ends_on or day, default=None) if status == "emeritus" else None
    lines = [replace(line, state="running") if line.term is running else line for line in lines]
    for term in terms:
        if term.reason == Term.Reason.BOUGHT:
            state = "running" if term is running else "coming" if term in emeritus else "past"
            lines.append(TermLine(term, term.ends_on, state))
    return tuple(sorted(lines, key=lambda line: (line.term.starts_on, line.term.pk), reverse=True))
