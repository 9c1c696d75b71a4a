"""To the portal everything is UTF-8, whatever a request says of its charset."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

CHARSET = re.compile(r";\s*charset\s*=[^;]*", re.IGNORECASE)


def in_utf_8(portal: WSGIApplication) -> WSGIApplication:
    """The portal without the charsets that are named to it.

    Django would read the query in whatever charset a body names, and fails where Python's codec of that name reads no
    text, before any of our answers could be given.
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["CONTENT_TYPE"] = CHARSET.sub("", environ.get("CONTENT_TYPE", ""))
        return portal(environ, start_response)

    return application
