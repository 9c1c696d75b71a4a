"""What partners handed in about a person who is erased, and what they were answered (CAND-09)."""

from __future__ import annotations

from typing import Any

from ceportal.partner_api.models import JobChunk, KeptAnswer


def forget_person(*, number: str, name: str) -> None:
    """Take the name out of the rows of bulks about a candidate and out of what came of them; drop the answers kept.

    An answer that is sent for again is then worked out anew, about somebody whom nothing can be done about any more.
    """
    KeptAnswer.objects.filter(sealed=False, body__contains=number).delete()
    for chunk in JobChunk.objects.filter(rows__contains=[{"candidate": number}]):
        theirs = [place for place, row in enumerate(chunk.rows) if row.get("candidate") == number]
        for part in filter(None, (chunk.rows, chunk.outcomes)):
            for place in theirs:
                part[place] = _without(part[place], name)
        chunk.save(update_fields=["rows", "outcomes"])


def _without(value: Any, name: str) -> Any:
    """The same without a name, in whatever text within it that stands."""
    if isinstance(value, dict):
        return {key: _without(each, name) for key, each in value.items()}
    if isinstance(value, list):
        return [_without(each, name) for each in value]
    return value.replace(name, "") if isinstance(value, str) else value
