"""What a candidate takes along from a booking: a letter of invitation for the visa, and a file for calendars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ceportal.kernel import clock
from ceportal.kernel.countries import country_name
from ceportal.kernel.policy import BOOK
from ceportal.kernel.typesetting import set_pdf
from exams import booking_queries as queries
from exams.models import Booking

LONGEST_LINE = 73  # octets before a calendar's line is folded; with its mark no more than 75
OFFSET_LOOKED_FOR = timedelta(days=400)


# ── The letter ────────────────────────────────────────────────────────────────────────────────────
def set_letter(booking: Booking, *, now: datetime) -> bytes:
    """The letter of invitation for a visa as PDF, in English, with the booking's data (LAB-16)."""
    with translation.override("en"):  # consulates everywhere read it
        letter = _letter(booking, now=now)
    return set_pdf("exams/letter.typ", at=now, letter=letter)


def _letter(booking: Booking, *, now: datetime) -> dict[str, object]:
    candidate, sitting = booking.candidate, booking.seat.sitting
    site, today = sitting.site, clock.day_of(now)
    hours = BOOK.on(sitting.day)["lab.max_hours"].value  # the exam day's book governs
    country = country_name(site.country)
    paid = _("paid in full") if booking.status == Booking.Status.PAID else _("reserved, not paid yet")
    return {
        "title": _("Letter of invitation"),
        "issuer": _("Continuing Education Programme"),
        "issuer_address": settings.BASE_URL,
        "dated": date_format(today, "DATE_FORMAT"),
        "issued": [today.year, today.month, today.day],
        "to": _("To the consular section concerned"),
        "body": [
            _("%(name)s, candidate %(number)s of this programme, has booked a seat for the practical exam named below.")
            % {"name": candidate.name, "number": candidate.number},
            _(
                "The exam is taken in person, at the address below in %(country)s; it cannot be taken from afar. "
                "It lasts up to %(hours)s hours on one day. "
                "We ask you to grant what is needed to enter %(country)s for it."
            )
            % {"country": country, "hours": hours},
        ],
        "facts": [
            [_("Name"), candidate.name],
            [_("Born"), date_format(candidate.born, "DATE_FORMAT")],
            [_("Country of residence"), country_name(candidate.country)],
            [_("Candidate number"), candidate.number],
            [_("Exam"), booking.exam.name],
            [_("Day"), date_format(sitting.day, "DATE_FORMAT")],
            [_("Start"), f"{sitting.starts_at:%H:%M} ({site.time_zone})"],
            [_("Place"), site.address or f"{site.name}, {country}"],
            [_("Booking"), f"{booking.pk}, {paid}"],
        ],
        "remark": _(
            "This letter says what was booked on the day of its date. It is no visa and promises none; the rules of "
            "booking, payment and rescheduling hold with or without one (LAB-16)."
        ),
    }


# ── The calendar file ─────────────────────────────────────────────────────────────────────────────
def calendar_file(booking: Booking, *, now: datetime) -> bytes:
    """The exam day as iCalendar (RFC 5545), by the clock of the site, which the file describes for that day."""
    sitting = booking.seat.sitting
    site, hours = sitting.site, BOOK.on(sitting.day)["lab.max_hours"].value  # the exam day's book governs
    starts = queries.starts_at(booking).astimezone(ZoneInfo(site.time_zone))
    ends = (starts.astimezone(UTC) + timedelta(hours=hours)).astimezone(ZoneInfo(site.time_zone))
    page = settings.BASE_URL + reverse("exams:booking", args=[booking.pk])
    host = settings.BASE_URL.partition("://")[2]
    status = "CONFIRMED" if booking.status == Booking.Status.PAID else "TENTATIVE"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//CE Portal//Lab bookings//EN",
        "METHOD:PUBLISH",
        *_time_zone(starts),
        "BEGIN:VEVENT",
        f"UID:booking-{booking.pk}@{host}",
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;TZID={site.time_zone}:{starts:%Y%m%dT%H%M%S}",
        f"DTEND;TZID={site.time_zone}:{ends:%Y%m%dT%H%M%S}",
        f"SUMMARY:{_escaped(f'{booking.exam.name}, {site.name}')}",
        f"LOCATION:{_escaped(site.address or site.name)}",
        f"DESCRIPTION:{_escaped(_('Two signed identity documents are needed (EXAM-13).') + ' ' + page)}",
        f"URL:{page}",
        f"STATUS:{status}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _time_zone(moment: datetime) -> list[str]:
    """The site's zone as it stands at a moment: since when, from which offset to which."""
    onset, before = _onset(moment)
    kind = "DAYLIGHT" if moment.dst() else "STANDARD"
    return [
        "BEGIN:VTIMEZONE",
        f"TZID:{moment.tzinfo}",
        f"BEGIN:{kind}",
        f"DTSTART:{onset:%Y%m%dT%H%M%S}",
        f"TZOFFSETFROM:{_offset(before)}",
        f"TZOFFSETTO:{_offset(moment.utcoffset())}",
        f"TZNAME:{moment.tzname()}",
        f"END:{kind}",
        "END:VTIMEZONE",
    ]


def _onset(moment: datetime) -> tuple[datetime, timedelta]:
    """Since when, by the clock before it, the offset of a moment has held, and the offset before; to the hour."""
    zone = moment.tzinfo
    here, at = moment.utcoffset() or timedelta(), moment.astimezone(UTC).replace(minute=0, second=0)
    first = at - OFFSET_LOOKED_FOR
    while at > first:
        earlier = at - timedelta(hours=1)
        before = earlier.astimezone(zone).utcoffset() or timedelta()
        if before != here:
            return (at + before).replace(tzinfo=None), before
        at = earlier
    return datetime(1970, 1, 1), here  # noqa: DTZ001 - by the clock of a zone that knows no change


def _offset(offset: timedelta | None) -> str:
    minutes = int((offset or timedelta()).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


def _escaped(text: str) -> str:
    for mark, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(mark, written)
    return text


def _folded(line: str) -> str:
    """Long lines go on in the next one, after a blank; counted in octets, as the format asks."""
    parts, part = [], ""
    for character in line:
        if len((part + character).encode()) > LONGEST_LINE:
            parts.append(part)
            part = ""
        part += character
    return "\r\n ".join([*parts, part])
