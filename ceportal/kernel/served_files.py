"""How a file that somebody uploaded is served: as what its content is, able to run and to load nothing."""

from __future__ import annotations

from pathlib import PurePath

from django.db.models.fields.files import FieldFile
from django.http import FileResponse

ENDINGS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}
# Our own pages may show it in a frame. The browser's own viewer of PDFs does not start in a sandbox, so only pictures
# are put into one.
POLICY = (
    "default-src 'none'; img-src 'self' data:; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
)
POLICY_OF_PICTURES = "sandbox; " + POLICY


def serve(file: FieldFile, *, kind: str, name: str) -> FileResponse:
    """The answer that holds a file of a kind that `kernel.uploads` recognises."""
    ending = ENDINGS[kind]
    if PurePath(name).suffix.lower() not in {ending, ".jpeg" if ending == ".jpg" else ending}:
        name += ending  # it is what its content says, whatever it was called
    response = FileResponse(file.open("rb"), content_type=kind, filename=name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY if kind == "application/pdf" else POLICY_OF_PICTURES
    return response
