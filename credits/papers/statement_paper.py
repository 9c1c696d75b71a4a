"""The signed statement of credits: who holds what, every entry with its reason, the balances, and the portal's word.

It is composed once, as a *document* of plain values, in its holder's language. As JSON it is that document with a
token; as PDF it is the same document set on paper, with the same token as a square code. Both can be checked by anyone
at /check/. The same document gives the same bytes.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from candidates import queries as candidates_queries
from candidates.models import Candidate, Certification, Track
from ceportal.kernel import signatures, signed_files, typesetting
from ceportal.kernel.square_codes import square_code
from credits import queries
from credits.models import Cycle, Seal
from credits.papers import statement
from credits.reading.standing import status_now

KIND = "credit_statement"
FORM = "credit statement 1"  # another form gets another number
TEMPLATE = "credits/statement.typ"
Document = dict[str, Any]


def compose(candidate: Candidate, *, day: date, now: datetime) -> Document:
    """What stood at the end of a day by what is known now; five questions, whatever the length."""
    with translation.override(candidate.language):
        entries = statement.entries_of(candidate.id, day=day, known_at=now)
        return {
            "form": FORM,
            "portal": settings.BASE_URL,
            "language": candidate.language,
            "at": now.astimezone(UTC).isoformat(timespec="seconds"),
            "as_of": day.isoformat(),
            "holder": {"number": candidate.number, "name": candidate.name},
            "certifications": _certifications(candidate.id, day),
            "cycles": _cycles(candidate.id, day),
            "balance": asdict(queries.balance_as_of(candidate.id, day=day, known_at=now)),
            "lifetime": asdict(queries.lifetime_balance(candidate.id, day=day, known_at=now)),
            "entries": [_entry(line) for line in map(statement.line_of, entries)],
            "seal": _last_seal(),
        }


def as_json(document: Document) -> bytes:
    """The document with its token."""
    return signed_files.sign_document(document, kind=KIND, content=signed_content(document))


def as_pdf(document: Document) -> bytes:
    """The document on paper, itself signed; the same bytes each time on the same machine."""
    with translation.override(document["language"]):
        sheet = _sheet(document, token_of(document))
    pdf = typesetting.set_pdf(TEMPLATE, statement=sheet, at=datetime.fromisoformat(document["at"]))
    return signed_files.sign_pdf(pdf, kind=KIND, content=signed_content(document))


def token_of(document: Document) -> str:
    """The token of the document, as its JSON carries it and the code on paper leads to it."""
    content = {**signed_content(document), signed_files.DIGEST: signed_files.digest_of(document)}
    return signatures.sign(kind=KIND, content=content)


def signed_content(document: Document) -> dict[str, Any]:
    """What the token says by itself: enough to compare with the paper it stands on."""
    return {
        "at": document["at"],
        "as_of": document["as_of"],
        "candidate": document["holder"],
        "available": document["balance"]["available"],
        "lifetime": {name: document["lifetime"][name] for name in ("earned", "used", "expired")},
        "entries": len(document["entries"]),
    }


def _certifications(candidate_id: int, day: date) -> list[dict[str, Any]]:
    found = []
    for held in candidates_queries.held_by(candidate_id):
        if held.status_on(day) is None:
            continue  # earned later
        standing = held.standing_on(day)
        found.append(
            {
                "number": held.certification.number,
                "track": held.certification.track.name,
                "level": held.life.level,
                "first_certified_on": held.life.first_certified_on.isoformat(),
                "status": status_now(held, day),
                "active_ends_on": _iso(standing.active_ends_on),
                "inactive_on": _iso(standing.inactive_on),
            }
        )
    return found


def _cycles(candidate_id: int, day: date) -> list[dict[str, Any]]:
    """The cycles that had begun, each with its end where that had come."""
    cycles = Cycle.objects.filter(Q(started_on__lte=day), candidate_id=candidate_id, withdrawn_at__isnull=True)
    return [
        {
            "started_on": cycle.started_on.isoformat(),
            "ended_on": _iso(cycle.ended_on if cycle.ended_on and cycle.ended_on <= day else None),
            "end_reason": cycle.end_reason if cycle.ended_on and cycle.ended_on <= day else "",
        }
        for cycle in cycles.order_by("started_on")
    ]


def _entry(line: statement.Line) -> dict[str, Any]:
    entry = line.entry
    return {
        "number": entry.id,
        "day": entry.counts_from.isoformat(),
        "written_at": entry.written_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "kind": entry.kind,
        "credits": entry.amount,
        "balance": line.balance,
        "grant": entry.grant_id,
        "title": line.title,
        "earned_on": entry.grant.earned_on.isoformat(),
        "expires_on": entry.grant.expires_on.isoformat(),
        "why": line.why,
        "clause": entry.clause,
        "corrects": entry.corrects_id,
    }


def _last_seal() -> dict[str, Any] | None:
    seal = Seal.objects.order_by("-day").defer("marks").first()
    return {"day": seal.day.isoformat(), "sha256": seal.sha256} if seal else None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


# ── On paper ──────────────────────────────────────────────────────────────────────────────────────
def _sheet(document: Document, token: str) -> dict[str, Any]:
    """The words of the sheet, as they are read."""
    check, seal = settings.BASE_URL + reverse("check"), document["seal"]
    at = datetime.fromisoformat(document["at"])
    holder = _("%(name)s, candidate %(number)s") % document["holder"]
    return {
        "language": document["language"],
        "issued": [at.year, at.month, at.day],
        "issuer": _("Continuing Education Programme"),
        "issuer_address": document["portal"],
        "title": _("Statement of credits"),
        "facts": [
            [_("Holder"), holder],
            [_("As of the end of"), _day(document["as_of"])],
            [_("As known at"), f"{date_format(at, 'DATE_FORMAT')}, {at:%H:%M:%S} UTC"],
        ],
        "sums": _sums(document),
        "certifications": _certification_table(document["certifications"]),
        "cycles_title": _("Cycles"),
        "cycles": [_cycle_line(cycle) for cycle in document["cycles"]],
        "entries_title": _("Entries"),
        "entries_columns": [_("Day"), _("What and why"), _("Credits"), _("Balance")],
        "entries": [_entry_line(entry) for entry in document["entries"]],
        "no_entries": _("No entry counts by this day."),
        "proof_title": _("Proof"),
        "proof": [
            _("This file is signed. Whoever doubts it hands it in, or its JSON, at %(address)s.") % {"address": check},
            _("Printed, it leads there by this code; what the page says must be what stands on the paper."),
            (_("The ledger's last daily seal is of %(day)s:") % {"day": _day(seal["day"])}) if seal else "",
        ],
        "seal": seal["sha256"] if seal else "",
        "code": square_code(f"{check}?{urlencode({'token': token})}"),
        "page_of": _("Page %(page)s of %(pages)s") % {"page": "{page}", "pages": "{pages}"},
        "footer": f"{holder} · {_day(document['as_of'])}",
    }


def _sums(document: Document) -> list[list[str]]:
    """The balance of the running cycle and the sums of all, side by side."""
    running, lifetime = document["balance"], document["lifetime"]
    names = {
        "available": _("Available"),
        "earned": _("Earned"),
        "used": _("Used"),
        "expired": _("Expired"),
        "cut": _("Cut"),
        "voided": _("Voided"),
    }
    return [
        ["", _("In the cycle"), _("In all cycles")],
        *([label, str(running[name]), str(lifetime[name])] for name, label in names.items()),
    ]


def _certification_table(certifications: list[dict[str, Any]]) -> list[list[str]]:
    statuses, levels = dict(Certification.Status.choices), dict(Track.Level.choices)
    rows = [
        [
            f"{each['track']}, {each['number']}",
            str(levels[each["level"]]),
            _day(each["first_certified_on"]),
            str(statuses[each["status"]]),
            _day(each["active_ends_on"]) if each["active_ends_on"] else _("for life"),
        ]
        for each in certifications
    ]
    return [[_("Certification"), _("Level"), _("Since"), _("Status"), _("Active until")], *rows] if rows else []


def _cycle_line(cycle: dict[str, Any]) -> str:
    start = _day(cycle["started_on"])
    if not cycle["ended_on"]:
        return _("Since %(start)s") % {"start": start}
    reasons = dict(Cycle.EndReason.choices)
    values = {"start": start, "end": _day(cycle["ended_on"]), "reason": reasons[cycle["end_reason"]]}
    return _("From %(start)s to %(end)s: %(reason)s") % values


def _entry_line(entry: dict[str, Any]) -> dict[str, str]:
    amount = entry["credits"]
    return {
        "day": _day(entry["day"]),
        "title": entry["title"],
        "why": f"{entry['why']} {entry['clause']}",
        "written": _("No. %(number)s, written %(day)s")
        % {
            "number": entry["number"],
            "day": date_format(datetime.fromisoformat(entry["written_at"]), "DATE_FORMAT"),
        },
        "credits": f"+{amount}" if amount > 0 else f"{statement.MINUS}{-amount}",
        "balance": str(entry["balance"]),
    }


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text), "DATE_FORMAT")
