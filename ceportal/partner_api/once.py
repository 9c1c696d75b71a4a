"""Writes that can be sent again: the answer is stored with the effect, in one transaction, under the caller's key.

A request under a known key is given the first answer. What was wrong in shape, or not allowed to the caller, has no
effect and is not kept; what the rules refused is, as it is an answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from ceportal.kernel.sealing import seal, unseal
from ceportal.partner_api.models import KeptAnswer

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
KEPT_HEADERS = ("Location", "ETag")
IN_CONFIDENCE = "in_confidence"  # an attribute of answers that tell a secret: they are kept sealed


class KeyInUse(APIException):
    """Another request under the key is being answered at this moment."""

    status_code = HTTPStatus.CONFLICT
    default_detail = _("A request with this key is being answered at this moment. Send yours again in a second.")


class KeyOfAnother(APIException):
    """The key belongs to a different request."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_detail = _("This key was used for another request. Use a new key for each thing you want done.")


def key_of(request: Request) -> str:
    """The key under which a request is sent. ValidationError where there is none, or none that can be one."""
    key = request.headers.get(HEADER, "").strip()
    if not key:
        raise ValidationError({HEADER: _("Send a key of your own with each request, so that it can be sent again.")})
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise ValidationError({HEADER: _("A key has at most 255 printable characters.")})
    return key


def answer_once(
    request: Request, *, caller: str, key: str, now: datetime, answer: Callable[[], Response]
) -> HttpResponse | Response:
    """Answer a request, or give again what it was answered. The caller is in a transaction."""
    fingerprint = _fingerprint(request)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"{caller} {key}"])
        if not cursor.fetchone()[0]:
            raise KeyInUse
    kept = KeptAnswer.objects.filter(caller=caller, key=key).first()
    if kept is not None:
        if kept.fingerprint != fingerprint:
            raise KeyOfAnother
        headers = {**kept.headers, "Idempotency-Replayed": "true"}
        body = unseal(kept.body) if kept.sealed else kept.body
        return HttpResponse(body, status=kept.status, content_type=kept.content_type, headers=headers)
    response = answer()
    body = "" if response.data is None else JSONRenderer().render(response.data).decode()
    in_confidence = getattr(response, IN_CONFIDENCE, False)
    KeptAnswer.objects.create(
        caller=caller,
        key=key,
        fingerprint=fingerprint,
        status=response.status_code,
        headers={name: response[name] for name in KEPT_HEADERS if response.has_header(name)},
        content_type=response.content_type or "application/json",
        body=seal(body) if in_confidence else body,
        sealed=in_confidence,
        answered_at=now,
    )
    return response


def _fingerprint(request: Request) -> str:
    asked: Any = [request.method, request.get_full_path(), request.data]
    return hashlib.sha256(json.dumps(asked, cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()
