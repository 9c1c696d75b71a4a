"""Compiles the translations: `python -m ceportal.translating` writes a `django.mo` beside each `django.po`.

A `.po` file is written by people, the `.mo` is what gettext reads; both are kept, so that nothing but Python is needed
to run the portal. With `--check` nothing is written, and the exit code says whether a `.mo` is stale.
"""

from __future__ import annotations

import ast
import struct
import sys
from pathlib import Path

LOCALE = Path(__file__).resolve().parent.parent / "locale"
MAGIC = 0x950412DE
CONTEXT, PLURAL = "\x04", "\x00"  # what gettext puts between a context and its message, and between plural forms


class Entry(dict[str, str]):
    """The parts of one message: msgctxt, msgid, msgid_plural, msgstr, msgstr[0] …"""

    @property
    def key(self) -> str:
        key = self["msgid"]
        if "msgid_plural" in self:
            key += PLURAL + self["msgid_plural"]
        return f"{self['msgctxt']}{CONTEXT}{key}" if "msgctxt" in self else key

    @property
    def text(self) -> str:
        if "msgstr" in self:
            return self["msgstr"]
        forms = sorted(name for name in self if name.startswith("msgstr["))
        return PLURAL.join(self[name] for name in forms)


def read(text: str) -> dict[str, str]:
    """The messages of a `.po` file with their translations; ValueError for two of the same message."""
    messages: dict[str, str] = {}
    for entry in _entries(text):
        if entry.key in messages:
            raise ValueError(f"Translated twice: {entry.key!r}")
        messages[entry.key] = entry.text
    return {key: words for key, words in messages.items() if words}


def _entries(text: str) -> list[Entry]:
    entries: list[Entry] = []
    part = ""
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith("#"):
            part = ""
            continue
        if line.startswith('"'):
            entries[-1][part] += ast.literal_eval(line)
            continue
        name, _blank, quoted = line.partition(" ")
        if name == "msgctxt" or (name == "msgid" and part != "msgctxt"):
            entries.append(Entry())
        part = name
        entries[-1][part] = ast.literal_eval(quoted)
    return entries


def compiled(messages: dict[str, str]) -> bytes:
    """The messages as gettext reads them: sorted, each with its length and place."""
    pairs = sorted((key.encode(), text.encode()) for key, text in messages.items())
    tables = 7 * 4
    place = tables + len(pairs) * 16
    index: tuple[list[int], list[int]] = ([], [])
    body = b""
    for which in (0, 1):
        for pair in pairs:
            index[which].extend((len(pair[which]), place + len(body)))
            body += pair[which] + b"\0"
    head = struct.pack("<7I", MAGIC, 0, len(pairs), tables, tables + len(pairs) * 8, 0, 0)
    return head + struct.pack(f"<{len(pairs) * 4}I", *index[0], *index[1]) + body


def main(arguments: list[str]) -> int:
    """Write what is stale, or say that something is."""
    stale = []
    for source in sorted(LOCALE.glob("*/LC_MESSAGES/django.po")):
        target, content = source.with_suffix(".mo"), compiled(read(source.read_text(encoding="utf-8")))
        if not target.exists() or target.read_bytes() != content:
            stale.append(target)
            if "--check" not in arguments:
                target.write_bytes(content)
    for each in stale:
        print(f"{each.relative_to(LOCALE.parent)}: {'stale' if '--check' in arguments else 'written'}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
