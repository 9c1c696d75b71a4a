"""The emblem of a certification in one standing, as SVG and PNG: of our own drawing, for badges and logos (EMR-14)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from candidates.models import Badge, Track
from candidates.rules import rank
from ceportal.kernel import typesetting
from ceportal.kernel.typesetting import Picture

TEMPLATE = "candidates/documents/emblem.typ"
POINTS = 512  # each side of the emblem; at 72 to the inch, its pixels
ROSETTE = "static/img/rosette.svg"

INK, PAPER, VIOLET = "#172225", "#ffffff", "#593a9c"
LEVEL_COLOURS = {
    "entry": "#525c60",
    "associate": "#1d5190",
    "specialist": "#1a6539",
    "professional": "#0b5563",
    "expert": "#7a1f3d",
}


@dataclass(frozen=True, slots=True)
class Colours:
    """What the emblem is drawn in; empty where nothing is drawn."""

    ring: str
    paper: str
    ink: str
    veil: str
    ribbon: str
    on_ribbon: str
    rosette: str


def ring_colour(level: str, status: str) -> str:
    """The colour of a level; of Emeritus, violet, whatever the level."""
    return VIOLET if status in {Badge.Standing.EMERITUS, Badge.Standing.LIFETIME_EMERITUS} else LEVEL_COLOURS[level]


def colours_of(level: str, standing: str, ink: str) -> Colours:
    """The colours of an emblem: in full colour by level, violet in Emeritus; in black or white on nothing."""
    if ink == "black":
        return Colours(ring=INK, paper="", ink=INK, veil="", ribbon=INK, on_ribbon=PAPER, rosette="")
    if ink == "white":
        return Colours(ring=PAPER, paper="", ink=PAPER, veil="", ribbon=PAPER, on_ribbon=INK, rosette="")
    ring = ring_colour(level, standing)
    ribbon, on_ribbon = (PAPER, ring) if standing == Badge.Standing.EMERITUS else (ring, PAPER)
    return Colours(ring, PAPER, INK, veil=f"{PAPER}e6", ribbon=ribbon, on_ribbon=on_ribbon, rosette=ring)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """All that a picture depends on."""

    track: str
    level: str
    standing: str
    form: Picture
    ink: str
    pixels: int


def emblem(track: Track, standing: str, *, form: Picture, ink: str = "colour", pixels: int = POINTS) -> bytes:
    """The emblem of a track in a standing; `pixels` on each side of a PNG."""
    return _drawn(_Drawing(track.name, track.level, standing, form, ink, pixels))


@lru_cache(maxsize=64)  # the same for everybody who holds the same; drawing takes a twentieth of a second
def _drawn(drawing: _Drawing) -> bytes:
    return typesetting.set_picture(
        TEMPLATE, form=drawing.form, pixels_per_inch=72 * drawing.pixels / POINTS, emblem=_content(drawing)
    )


def _content(drawing: _Drawing) -> dict[str, Any]:
    colours = colours_of(drawing.level, drawing.standing, drawing.ink)
    with translation.override("en"):  # a mark is the same wherever it is shown
        return {
            "track": drawing.track,
            "level": str(Track.Level(drawing.level).label),
            "rank": rank(drawing.level),
            "standing": str(Badge.Standing(drawing.standing).label),
            "programme": [_("Continuing Education"), _("Programme")],
            "colours": asdict(colours),
            "rosette": rosette(colours.rosette, opacity=0.3) if colours.rosette else "",
        }


def rosette(colour: str, *, opacity: float) -> str:
    """The guilloche of the portal in a colour, as SVG."""
    drawn = (settings.BASE_DIR / ROSETTE).read_text()
    return drawn.replace("#000", colour).replace('<g fill="none"', f'<g opacity="{opacity}" fill="none"', 1)
