"""What every view of the API stands on: scopes, limits, one moment a request, and writes that can be sent again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar

import structlog
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from ceportal.kernel import clock
from ceportal.kernel.bulk import insert_together
from ceportal.kernel.decisions import Refused
from ceportal.partner_api import once
from ceportal.partner_api.authentication import SignedInAuthentication, TokenAuthentication
from ceportal.partner_api.callers import Caller, of_request
from ceportal.partner_api.limits import CallsPerMinute
from ceportal.partner_api.models import Call
from ceportal.partner_api.parsing import Answers, Bodies
from ceportal.partner_api.permissions import HasScope

DRY_RUN = "dry_run"
YES, NO = ("true", "1"), ("", "false", "0")
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class ApiView(APIView):
    """A view of the API. `scopes` names what each method needs; a method it does not name is open to everybody."""

    authentication_classes = [TokenAuthentication, SignedInAuthentication]
    permission_classes = [HasScope]
    throttle_classes = [CallsPerMinute]
    parser_classes = [Bodies]
    renderer_classes = [Answers]

    scopes: ClassVar[Mapping[str, str]] = {}
    needs_if_match: ClassVar[tuple[str, ...]] = ()  # methods; said in the schema, held by etags.require_match
    in_bulk: ClassVar[bool] = False  # its rows are a job, which does a dry run by itself

    now: datetime
    began: float  # by the monotonic clock, in seconds
    noted: list[Model]  # what is written down together with the call, such as who was told about

    def scope_of(self, method: str | None) -> str | None:
        """The scope that a method needs; None where it is open."""
        return self.scopes.get("GET" if method == "HEAD" else method or "")

    def has_method(self, method: str | None) -> bool:
        """Whether the view answers a method at all."""
        name = (method or "").lower()
        return name in self.http_method_names and hasattr(self, name)

    @property
    def caller(self) -> Caller:
        """Who calls: on views that need a scope there is always somebody."""
        caller = of_request(self.request)
        assert caller is not None
        return caller

    def asked(self, query: type[Serializer[Any]]) -> dict[str, Any]:
        """What the address asks for, as a serializer reads it. ValidationError, by parameter, for what it cannot be."""
        read = query(data=self.request.query_params)
        read.is_valid(raise_exception=True)
        values: dict[str, Any] = read.validated_data
        return values

    @property
    def dry_run(self) -> bool:
        """Whether the caller only wants to know what would happen. ValidationError where that cannot be read."""
        said = self.request.query_params.get(DRY_RUN, "").lower()
        if said not in (*YES, *NO):
            raise ValidationError({DRY_RUN: "true | false"})
        return said in YES

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.now = clock.now()
        super().initial(request, *args, **kwargs)
        if not self.has_method(request.method):
            # Before a view asks for whom a caller acts: of a method without a scope there may be nobody.
            raise MethodNotAllowed(request.method or "")
        if "\0" in request.path:
            raise Http404  # nothing is called so, and the database cannot be asked for it
        method = (request.method or "").lower()
        if request.method in WRITES:
            # DRF looks the handler up after this; the view's own is called inside, in one transaction.
            setattr(self, method, partial(self._write, getattr(self, method)))

    def _write(self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any) -> Any:
        rolled_back = self.dry_run and not self.in_bulk
        answer = partial(self._answer, handler, request, *args, **kwargs)
        with transaction.atomic():
            if request.method == "POST" and not rolled_back:
                return once.answer_once(
                    request, caller=self.caller.key, key=once.key_of(request), now=self.now, answer=answer
                )
            response = answer()
            if rolled_back:
                response["Dry-Run"] = "true"
                transaction.set_rollback(True)
            return response

    def _answer(self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any) -> Response:
        """The handler's answer, or that of the rules that refuse; what it began is whole or gone."""
        try:
            with transaction.atomic():
                return handler(request, *args, **kwargs)
        except Refused as refused:
            response = self.handle_exception(refused)
            assert isinstance(response, Response)
            response.exception = True
            return response

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.began, self.noted = time.monotonic(), []
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value  # where a fault of ours leaves no answer
        try:
            response = super().dispatch(request, *args, **kwargs)
            status = response.status_code
        finally:
            self._record(status)
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        room = getattr(request, "room", None)
        for name, value in (room.headers() if room else {}).items():
            response[name] = value
        return response

    def _record(self, status: int) -> None:
        caller = of_request(self.request)
        call = Call(
            caller=caller.key if caller else "",
            application=caller.application if caller else None,
            at=self.now if hasattr(self, "now") else clock.now(),
            method=(self.request.method or "")[:7],
            path=self.request.path.replace("\0", "")[:200],
            status=status,
            milliseconds=round(1000 * (time.monotonic() - self.began)),
            request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
        )
        insert_together(*self.noted, call)
