"""The archive of everything held about a candidate: JSON for each area, and the files (CAND-09)."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from candidates.models import Candidate
from ceportal.kernel.personal_data import Area, as_json

UNSAFE = re.compile(r"[^\w.() -]", re.UNICODE)  # in a name that somebody typed, before it becomes one in an archive


def areas() -> tuple[Area, ...]:
    """Every area that an app says it holds, in the order of ceportal/privacy.py."""
    return tuple(area for path in import_string("ceportal.privacy.EXPORTED") for area in import_string(path))


def write_archive(target: IO[bytes], candidate: Candidate, *, now: datetime) -> None:
    """Write everything held about a candidate as a ZIP, in their language where it speaks to them."""
    everything = areas()
    personal = {part.of for area in everything for part in area.parts}
    moment = now.astimezone(UTC)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, content: str | bytes) -> None:
            entry = zipfile.ZipInfo(name, date_time=moment.timetuple()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            archive.writestr(entry, content)

        with translation.override(candidate.language):
            add("README.txt", _readme(everything, now=moment))
        for area in everything:
            told = {
                part.of._meta.model_name: list(as_json(part, candidate.pk, personal=personal)) for part in area.parts
            }
            add(f"{area.name}.json", json.dumps(told, cls=_Encoder, indent=2, ensure_ascii=False) + "\n")
        for name, content in _files(candidate, now=now):
            add(name, content)


def _files(candidate: Candidate, *, now: datetime) -> Iterator[tuple[str, bytes]]:
    for path in import_string("ceportal.privacy.FILES"):
        for name, content in import_string(path)(candidate, now):
            yield "/".join(UNSAFE.sub("_", part).lstrip(".") or "_" for part in name.split("/")), content


def _readme(everything: tuple[Area, ...], *, now: datetime) -> str:
    lines = [
        _("Everything that the certification portal holds about you"),
        "",
        f"{settings.BASE_URL}, {now.isoformat(timespec='seconds')}",
        "",
        _("Each .json file is an area, with a list for each kind of record and every column of each record."),
        _("Days are written as year-month-day, moments in UTC, money in cents."),
        _("Columns that end a reference by a number name a record of another list, or somebody who acts for others."),
        _("The folders hold your files and papers as they are kept."),
        _("Left out are secrets (passwords, keys), and what is being looked into and was not told to you yet."),
        "",
        *(f"{area.name}.json: " + ", ".join(str(part.of._meta.verbose_name) for part in area.parts)
          for area in everything),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


class _Encoder(DjangoJSONEncoder):
    """As Django's, and a file's name for a file."""

    def default(self, o: Any) -> Any:
        return str(o) if hasattr(o, "storage") else super().default(o)
