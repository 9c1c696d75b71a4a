"""What partners handed in about a person who is erased, and what they were answered (CAND-09)."""

from __future__ import annotations

import json
from typing import Any

from ceportal.partner_api.models import JobChunk, KeptAnswer


def forget_person(*, number: str, name: str) -> None:
    """Take the name out of the rows of bulks about a candidate and out of what came of them; drop the answers kept.

    An answer that is sent for again is then worked out anew, about somebody whom nothing can be done about any more.
    """
    KeptAnswer.objects.filter(sealed=False, body__contains=number).delete()
    for chunk in JobChunk.objects.filter(rows__contains=[{"candidate": number}]):
        chunk.rows, chunk.outcomes = _without(chunk.rows, name), _without(chunk.outcomes, name)
        chunk.save(update_fields=["rows", "outcomes"])


def _without(value: Any, name: str) -> Any:
    """The same without a text, wherever in it that stands."""
    written = json.dumps(value, ensure_ascii=False)
    return json.loads(written.replace(json.dumps(name, ensure_ascii=False)[1:-1], ""))
