"""Sheets of paper and pictures, set by typst from a template and a content of plain values.

Only the fonts that come with the packages are used, Japanese included, never those a machine happens to have: so the
same content gives the same bytes on every machine with the same packages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst
from django.conf import settings
from noto_cjk_sans_jp_regular import FONT_PATH

Picture = Literal["svg", "png"]


def set_pdf(template: str, *, at: datetime, **contents: Any) -> bytes:
    """A template set as PDF; each content is there as `sys.inputs.NAME`, in JSON. `at` is the moment the file says."""
    return _compile(template, contents, timestamp=int(at.timestamp()))


def set_picture(template: str, *, form: Picture, pixels_per_inch: float = 144, **contents: Any) -> bytes:
    """A template of one page as a picture; in SVG, words are outlines, so that they look the same everywhere."""
    return _compile(template, contents, format=form, ppi=pixels_per_inch if form == "png" else None)


def _compile(template: str, contents: Mapping[str, Any], **options: Any) -> bytes:
    made: bytes = typst.compile(
        str(settings.BASE_DIR / "templates" / template),
        font_paths=_fonts(),
        sys_inputs={name: json.dumps(content) for name, content in contents.items()},
        **options,
    )
    return made


@cache
def _fonts() -> typst.Fonts:
    """The fonts, looked through once in each process."""
    return typst.Fonts(include_system_fonts=False, font_paths=[str(Path(str(FONT_PATH)).parent)])
