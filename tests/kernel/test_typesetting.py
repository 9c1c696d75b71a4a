"""Paper and pictures: the same content the same bytes, whatever fonts a machine has, Japanese included."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import Any

import pytest

from ceportal.kernel import typesetting
from tests.factories import noon

SHEET = """#set page(width: 60mm, height: 30mm)
#set text(font: ("Libertinus Serif", "Noto Sans CJK JP"))
#json(bytes(sys.inputs.words))
"""
AT = noon("2026-05-04")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> None:
    """A project whose only template is ours."""
    settings.BASE_DIR = tmp_path
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "sheet.typ").write_text(SHEET)


def fonts_in(pdf: bytes) -> set[str]:
    """The families that a PDF carries, as its objects name them, in the open or deflated."""
    parts = [pdf]
    for stream in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return {name.decode() for part in parts for name in re.findall(rb"/BaseFont\s*/\w+\+([\w-]+)", part)}


def test_japanese_is_set_in_the_font_that_goes_with_the_portal() -> None:
    latin = typesetting.set_pdf("sheet.typ", words="Alice Okafor", at=AT)
    both = typesetting.set_pdf("sheet.typ", words="Sato 佐藤 愛子", at=AT)
    assert not any("CJK" in name for name in fonts_in(latin))
    assert any("NotoSansCJKjp" in name for name in fonts_in(both))


def test_the_same_content_gives_the_same_bytes_and_another_moment_others() -> None:
    first, again = (typesetting.set_pdf("sheet.typ", words="Alice", at=AT) for _each in range(2))
    assert first == again
    assert typesetting.set_pdf("sheet.typ", words="Alice", at=noon("2026-05-05")) != first


def test_pictures() -> None:
    svg = typesetting.set_picture("sheet.typ", form="svg", words="愛子")
    assert svg.startswith(b"<svg")
    assert b"<text" not in svg  # outlines: nobody needs the font
    png = typesetting.set_picture("sheet.typ", form="png", pixels_per_inch=254, words="愛子")
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20]) == 600  # sixty millimetres
