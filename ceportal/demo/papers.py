"""Certificates of completion as candidates hand them in: a PDF, or now and then a picture of one."""

from __future__ import annotations

import json
from datetime import date

import typst
from django.utils.formats import date_format

SHEET = """
#let said = json(bytes(sys.inputs.said))
#set page(width: 210mm, height: 148mm, margin: 10mm)
#set text(size: 12pt)
#rect(width: 100%, height: 100%, stroke: 1.2pt + rgb(said.ink), inset: 14mm)[
  #text(size: 10pt, tracking: 1.5pt, fill: rgb(said.ink))[#upper(said.provider)]
  #v(6mm)
  #text(size: 24pt)[Certificate of completion]
  #v(4mm)
  This is to certify that
  #v(1mm)
  #text(size: 17pt, weight: "bold")[#said.name]
  #v(1mm)
  completed #emph(said.title) on #said.completed_on, all labs included.
  #v(1fr)
  #text(size: 9pt)[#said.provider · number #said.number · a paper of the demonstration]
]
"""
INKS = ("#1f5f6b", "#6b3f1f", "#2f4f2f", "#4a2f6b", "#7a1f2f")
SCREEN_PPI = 72


def certificate(*, name: str, title: str, provider: str, completed_on: date, number: str, picture: bool) -> bytes:
    """One certificate as PDF, or as PNG where the candidate took a picture."""
    said = {
        "name": name,
        "title": title,
        "provider": provider,
        "completed_on": date_format(completed_on, "j F Y"),
        "number": number,
        "ink": INKS[sum(map(ord, provider)) % len(INKS)],
    }
    inputs = {"said": json.dumps(said)}
    if picture:
        sheet: bytes = typst.compile(SHEET.encode(), format="png", ppi=SCREEN_PPI, sys_inputs=inputs)
    else:
        sheet = typst.compile(SHEET.encode(), format="pdf", sys_inputs=inputs)
    return sheet
