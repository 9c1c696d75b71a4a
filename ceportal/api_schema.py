"""What the schema says of every call, so that no view has to: problems, keys, dry runs, tags, chosen fields."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from ceportal.partner_api import etags, fields, once, views
from ceportal.problems import CONTENT_TYPE, ProblemSerializer

KEY = OpenApiParameter(
    once.HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="A key of your own for this request. Sent again, the request is given its first answer.",
)
DRY_RUN = OpenApiParameter(
    views.DRY_RUN, OpenApiTypes.BOOL, description="Only say what would happen; nothing is kept, the key neither."
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag of the state that you have seen: " + str(etags.ChangedMeanwhile.default_detail),
)
FIELDS = OpenApiParameter(
    fields.PARAMETER, OpenApiTypes.STR, description="The fields to give, with commas between; left out, all of them."
)


class ApiSchema(AutoSchema):
    """Adds to each operation what holds for all of its kind."""

    def get_override_parameters(self) -> list[Any]:
        added = [*super().get_override_parameters()]
        if self.method == "POST":
            added.append(KEY)
        if self.method in views.WRITES:
            added.append(DRY_RUN)
        elif self._gives_chosen_fields():
            added.append(FIELDS)
        if self.method in getattr(self.view, "needs_if_match", ()):
            added.append(IF_MATCH)
        return added

    def _gives_chosen_fields(self) -> bool:
        serializer = self.get_response_serializers()
        kind = serializer if isinstance(serializer, type) else type(getattr(serializer, "child", serializer))
        return issubclass(kind, fields.SparseFields)

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        problem = OpenApiResponse(ProblemSerializer, description="A problem (RFC 9457).")
        answer = self._get_response_for_code(problem, "default", [CONTENT_TYPE])  # type: ignore[no-untyped-call]
        return {**super()._get_response_bodies(direction), "default": answer}
