"""A moment as two clocks show it: the site's, and the candidate's own where it shows another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format


@dataclass(frozen=True, slots=True)
class Clocks:
    """A moment in words: at the site, and with the candidate (empty where both clocks agree)."""

    site: str
    site_zone: str
    own: str
    own_zone: str


def clocks_of(moment: datetime, site_zone: str, own_zone: str) -> Clocks:
    """What both clocks show; they may agree at one moment and differ at another."""
    there = moment.astimezone(ZoneInfo(site_zone))
    here = moment.astimezone(ZoneInfo(own_zone))
    own = "" if here.utcoffset() == there.utcoffset() else date_format(here, "DATETIME_FORMAT")
    return Clocks(date_format(there, "DATETIME_FORMAT"), site_zone, own, own_zone)
