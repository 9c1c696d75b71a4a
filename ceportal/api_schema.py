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
    fields.FIELDS, OpenApiTypes.STR, description="The fields to give, with commas between; left out, all of them."
)


# Where to go on from an answer: what is asked next, with what of the answer. {operation: {next: {parameter: where}}}
FIRST = "$response.body#/results/0"
LINKS: dict[str, dict[str, dict[str, str]]] = {
    "authored_items": {"authored_items_report": {"record_id": f"{FIRST}/id"}},
    "report_authored_items": {"authored_items_report": {"record_id": "$response.body#/id"}},
    "workshops": {"workshop": {"record_id": f"{FIRST}/id"}},
    "report_workshop": {"workshop": {"record_id": "$response.body#/id"}},
    "provider_claims": {"provider_claim": {"number": f"{FIRST}/number"}},
    "provider_claim": {
        "decide_claim": {"number": "$response.body#/number", "If-Match": "$response.header.ETag"},
        "claim_evidence": {
            "number": "$response.body#/number",
            "evidence_id": "$response.body#/evidence/0/id",
        },
    },
    "deliveries": {"delivery": {"delivery_id": f"{FIRST}/id"}},
    "schedule_delivery": {
        "delivery": {"delivery_id": "$response.body#/id"},
        "provider_claims": {"delivery": "$response.body#/code"},
        "hand_in_roster": {"delivery_id": "$response.body#/id"},
    },
    "delivery": {
        "cancel_delivery": {"delivery_id": "$response.body#/id", "If-Match": "$response.header.ETag"},
        "provider_claims": {"delivery": "$response.body#/code"},
    },
    "offerings": {"offering": {"code": f"{FIRST}/code"}},
    "proposals": {"proposal": {"proposal_id": f"{FIRST}/id"}},
    "propose_item": {
        "proposal": {"proposal_id": "$response.body#/id"},
        "withdraw_proposal": {"proposal_id": "$response.body#/id", "If-Match": "$response.header.ETag"},
    },
    "proposal": {"withdraw_proposal": {"proposal_id": "$response.body#/id", "If-Match": "$response.header.ETag"}},
    "rosters": {"roster": {"key": f"{FIRST}/id"}, "roster_lines": {"key": f"{FIRST}/id"}},
    "gatherings": {
        name: {"code": f"{FIRST}/code"}
        for name in (
            "gathering", "gathering_sessions", "gathering_attendances", "hand_in_schedule", "report_scans",
        )
    },
    "statuses": {"status": {"number": f"{FIRST}/number"}},
    "affiliations": {"affiliation": {"affiliation_id": f"{FIRST}/id"}},
    "report_result": {"correct_result": {"result_id": "$response.body#/id"}},
    "results": {
        "correct_result": {"result_id": f"{FIRST}/id"},
        "eligibility": {"exam": f"{FIRST}/exam", "candidate": f"{FIRST}/candidate"},
    },
    "webhooks": {
        "webhook": {"webhook_id": f"{FIRST}/id"},
        "webhook_deliveries": {"webhook_id": f"{FIRST}/id"},
    },
    "subscribe_webhook": {
        name: {"webhook_id": "$response.body#/id"}
        for name in (
            "webhook", "webhook_deliveries", "rotate_webhook_secret", "test_webhook", "redeliver_failed",
        )
    },
    "webhook": {
        name: {"webhook_id": "$response.body#/id", "If-Match": "$response.header.ETag"}
        for name in ("change_webhook", "end_webhook")
    },
    "test_webhook": {
        "webhook_deliveries": {"webhook_id": "$request.path.webhook_id"},
        "redeliver": {"webhook_id": "$request.path.webhook_id", "delivery_id": "$response.body#/id"},
    },
    "webhook_deliveries": {
        "redeliver": {"webhook_id": "$request.path.webhook_id", "delivery_id": f"{FIRST}/id"},
    },
    "redeliver_failed": {"webhook_deliveries": {"webhook_id": "$request.path.webhook_id"}},
    "redeliver": {"webhook_deliveries": {"webhook_id": "$request.path.webhook_id"}},
}  # fmt: skip
OF_JOBS = {"job": {"job_id": "$response.body#/id"}, "job_outcomes": {"job_id": "$response.body#/id"}}


def with_links(result: dict[str, Any], **_of_the_generator: Any) -> dict[str, Any]:
    """Says with each answer where one may go on from it (OpenAPI links); whatever gives a job leads to it."""
    for methods in result["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                links = LINKS.get(operation["operationId"], OF_JOBS if status == "202" else {})
                if status.startswith("2") and links:
                    response["links"] = {
                        name: {"operationId": name, "parameters": dict(parameters)}
                        for name, parameters in links.items()
                    }
    return result


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
