"""Bodies as they come from programs and go to them: JSON in UTF-8 (RFC 8259), of a bounded size and depth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.json import strict_constant

MOST_BYTES = 16_000_000  # as deploy/Caddyfile lets through; ten thousand rows take a tenth of it
DEEPEST = 32  # what is nested deeper is nothing that any call asks for, and would exhaust those who walk through it


class TooLarge(APIException):
    """The body is larger than any that is asked for."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("The body is too large. Send fewer rows at a time.")


class Bodies(JSONParser):
    """Reads JSON. ParseError, or TooLarge, for what cannot be read."""

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:  # noqa: ARG002 - DRF's signature
        raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise TooLarge
        try:
            # Always UTF-8, whatever charset is named: JSON has no other, and not all of Python's codecs are harmless.
            data = json.loads(raw.decode(), parse_constant=strict_constant)
        except (ValueError, RecursionError) as error:
            raise ParseError(_("This is not JSON in UTF-8: %(error)s") % {"error": type(error).__name__}) from error
        if _is_deeper(data, DEEPEST):
            raise ParseError(_("It is nested too deep."))
        return data


class InEscapes(JSONRenderer):
    """Writes JSON in ASCII."""

    ensure_ascii = True


class Answers(JSONRenderer):
    """Writes JSON; what a caller sent of half a character is told back as it was written, in escapes."""

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> Any:
        try:
            return super().render(data, accepted_media_type, renderer_context)
        except UnicodeEncodeError:
            return InEscapes().render(data, accepted_media_type, renderer_context)


def _is_deeper(data: Any, levels: int) -> bool:
    layer = [data]
    for _level in range(levels):
        layer = [part for each in layer for part in _parts(each)]
        if not layer:
            return False
    return True


def _parts(data: Any) -> Any:
    return data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else ()
