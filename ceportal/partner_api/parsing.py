"""Bodies as they come from programs: JSON in UTF-8 (RFC 8259), of a bounded size and depth."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.utils.json import strict_constant

MOST_BYTES = 16_000_000  # as deploy/Caddyfile lets through; ten thousand rows take a tenth of it
DEEPEST = 32  # what is nested deeper is nothing that any call asks for, and would exhaust those who walk through it
WRITTEN_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class TooLarge(APIException):
    """The body is larger than any that is asked for."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("The body is too large. Send fewer rows at a time.")


class Bodies(JSONParser):
    """Reads JSON. ParseError, or TooLarge, for whatever could not be read, kept and told again."""

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:  # noqa: ARG002 - DRF's signature
        raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise TooLarge
        try:
            # Always UTF-8, whatever charset is named: JSON has no other, and not all of Python's codecs are harmless.
            text = raw.decode()
            data = json.loads(text, parse_constant=strict_constant)
            if WRITTEN_SURROGATE.search(text):
                json.dumps(data, ensure_ascii=False).encode()  # half a pair of surrogates is no character
        except (ValueError, RecursionError) as error:
            raise ParseError(_("This is not JSON in UTF-8: %(error)s") % {"error": type(error).__name__}) from error
        if _is_deeper(data, DEEPEST):
            raise ParseError(_("It is nested too deep."))
        return data


def _is_deeper(data: Any, levels: int) -> bool:
    layer = [data]
    for _level in range(levels):
        layer = [part for each in layer for part in _parts(each)]
        if not layer:
            return False
    return True


def _parts(data: Any) -> Any:
    return data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else ()
