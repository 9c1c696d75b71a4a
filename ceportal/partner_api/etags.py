"""Entity tags: whoever changes a thing says which state of it they have seen."""

from __future__ import annotations

import hashlib
import json
from http import HTTPStatus
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from ceportal.partner_api.fields import FIELDS


class ChangedMeanwhile(APIException):
    """The thing is not any more as the caller saw it."""

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_detail = _("It was changed since you read it. Read it again, then decide whether your change still holds.")


class NotSaidWhich(APIException):
    """The caller did not say which state they want to change."""

    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_detail = _("Send the ETag that you read in the header If-Match, so that nobody's change is lost.")


def etag_of(*parts: object) -> str:
    """A tag of a state: of everything that a reader is shown."""
    written = json.dumps(parts, cls=DjangoJSONEncoder, sort_keys=True)
    return '"' + hashlib.sha256(written.encode()).hexdigest()[:32] + '"'


def give_etag(response: Response, etag: str) -> Response:
    """Tell the tag with an answer."""
    response["ETag"] = etag
    return response


def tagged(kind: str, serializer: type[Serializer[Any]], instance: object, request: Request) -> Response:
    """The fields of a thing that the caller asks for, with the tag of all of them."""
    told = serializer(instance, context={"request": request}).data
    whole = serializer(instance).data if FIELDS in request.query_params else told
    return give_etag(Response(told), etag_of(kind, whole))


def require_match(request: Request, etag: str) -> None:
    """Go on only if the caller has seen this state; any state where they say `*`. 428 where they say nothing, 412."""
    said = request.headers.get("If-Match")
    if not said:
        raise NotSaidWhich
    if said.strip() != "*" and etag not in [each.strip() for each in said.split(",")]:
        raise ChangedMeanwhile
