"""Verification links as their holder reads them, with their addresses and square codes (CERT-09)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from candidates.models import Candidate, VerificationLink
from candidates.rules import link_shows
from ceportal.kernel import clock
from ceportal.kernel.square_codes import square_code

ENDED_SHOWN = 20  # of links that show nothing any more, the latest


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A link that works, with what others need of it."""

    link: VerificationLink
    address: str
    code: str  # a picture, as a data: address


@dataclass(frozen=True, slots=True)
class SharingPage:
    """A candidate's links: those that work, and the latest of those that do no more."""

    open: tuple[LinkLine, ...]
    ended: tuple[VerificationLink, ...]


def page_of(candidate: Candidate, *, now: datetime) -> SharingPage:
    """A candidate's links; three questions, however many there are."""
    day = clock.day_of(now)
    links = list(VerificationLink.objects.filter(candidate=candidate).prefetch_related("certifications__track"))
    works = {
        link.id: link_shows(last_on=link.last_on, withdrawn=link.withdrawn_at is not None, day=day) for link in links
    }
    return SharingPage(
        open=tuple(line_of(link) for link in links if works[link.id]),
        ended=tuple(link for link in links if not works[link.id])[:ENDED_SHOWN],
    )


def line_of(link: VerificationLink) -> LinkLine:
    """A link with its address and its square code."""
    address = address_of(link.token)
    return LinkLine(link, address, picture_of(address))


def address_of(token: str) -> str:
    """Where a link leads."""
    return settings.BASE_URL + reverse("verify_link", args=[token])


def picture_of(address: str) -> str:
    """The square code of an address, as a picture that a page can hold; empty for an address too long to scan."""
    svg = square_code(address)
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}" if svg else ""
