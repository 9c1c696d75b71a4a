"""The wordings of official messages: a template a kind, `templates/notices/KIND.txt`, and its translations (CE-13).

A *wording* is a kind in a language, as the files have it now; its *digest* changes with the template and with any
translation in it. *Samples* are made-up cases of a kind that between them show every sentence of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.template.loader import get_template, render_to_string
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, trans_real
from django.utils.translation import override as speaking

LANGUAGES = [("en", "English"), ("ja", "日本語")]  # each by its own name
FOLDER = Path(settings.BASE_DIR) / "templates/notices"
SAMPLES = FOLDER / "samples.yaml"


@dataclass(frozen=True, slots=True)
class Wording:
    """What a message of a kind says in a language, as the files have it now."""

    kind: str
    language: str
    digest: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A made-up case of a kind: what it is about, and what the template is given."""

    case: str
    context: Mapping[str, Any]


@lru_cache(maxsize=1)
def kinds() -> tuple[str, ...]:
    """Every kind of message there is."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.txt")))


def render(kind: str, language: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """A message's subject, the first line of its template, and its body, in a language."""
    with speaking(language):
        text = render_to_string(f"notices/{kind}.txt", dict(context))
    subject, _newline, body = text.strip().partition("\n")
    return subject.strip(), body.strip() + "\n"


def sentences(kind: str) -> Iterator[str]:
    """The sentences of a kind by which gettext finds their translations; of plurals the first form."""
    nodes = get_template(f"notices/{kind}.txt").template.nodelist  # type: ignore[attr-defined]
    for node in nodes.get_nodes_by_type(TranslateNode):
        yield str(node.filter_expression.var.literal)
    for node in nodes.get_nodes_by_type(BlockTranslateNode):
        yield node.render_token_list(node.singular)[0]


def translation_of(sentence: str, language: str) -> str | None:
    """A sentence in a language; None where nobody has translated it. English is what they are written in."""
    if language == settings.LANGUAGE_CODE:
        return sentence
    catalog = trans_real.translation(language)._catalog  # type: ignore[attr-defined]  # the only way to ask
    found = catalog.get(sentence) or catalog.get((sentence, 0))  # of plurals every form is kept by its number
    return str(found) if found else None


@lru_cache(maxsize=256)
def wording_of(kind: str, language: str) -> Wording:
    """A wording as it is now. KeyError for what there is not."""
    if kind not in kinds() or language not in dict(LANGUAGES):
        raise KeyError(kind, language)
    parts = [(FOLDER / f"{kind}.txt").read_text(encoding="utf-8")]
    parts += sorted({translation_of(sentence, language) or "" for sentence in sentences(kind)})
    return Wording(kind, language, sha256("\0".join(parts).encode()).hexdigest())


# ── Samples ───────────────────────────────────────────────────────────────────────────────────────
class _Reader(yaml.SafeLoader):
    """YAML in which `!said active` is said in the language of the message."""


def _said(reader: yaml.SafeLoader, node: yaml.ScalarNode) -> Promise:
    return gettext_lazy(str(reader.construct_scalar(node)))


_Reader.add_constructor("!said", _said)


@lru_cache(maxsize=1)
def _samples() -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.load(SAMPLES.read_text(encoding="utf-8"), _Reader)  # noqa: S506 - a safe loader
    return read


def samples(kind: str) -> list[Sample]:
    """The samples of a kind."""
    read = _samples()
    address = {"address": f"{settings.BASE_URL}/…"}
    return [
        Sample(case, address | read["shared"] | (context or {}))
        for case, context in read["kinds"].get(kind, {}).items()
    ]
