"""Every operation of the API for every kind of caller: the table that `test_roles.py` tries.

A row gives the address (as the world fills it in), what is sent, and the status for each of `ROLES`, in their order.
The exam team's program is answered as the organiser's where its row does not say otherwise. A write is tried by a dry
run, so that each caller meets the same world.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ROLES = (
    "stranger", "provider", "other provider", "test partner", "organiser", "verifier", "candidate", "other candidate",
    "staff",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """What is called, and what each role is answered."""

    address: str
    statuses: str
    method: str = "GET"
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    exam_team: int | None = None  # what the exam team's program is answered, where another organiser's is not the same


OPEN = "200 200 200 200 200 200 200 200 200"
OF_PROVIDERS = "401 200 200 403 403 403 403 403 403"
OF_THE_PROVIDER = "401 200 404 403 403 403 403 403 403"
OF_TEST_PARTNERS = "401 403 403 200 403 403 403 403 403"
OF_ORGANISERS = "401 403 403 403 200 403 403 403 403"
NOBODY = "401 403 403 403 403 403 403 403 403"  # but the exam team
OF_VERIFIERS = "401 403 403 403 403 200 403 403 403"
OWN = "401 403 403 403 403 403 200 200 403"

OF_THE_PROGRAM = "401 200 404 404 404 404 403 403 403"

ROWS: dict[str, Row] = {
    "events": Row("/api/v1/events", "401 200 200 200 200 200 403 403 403"),
    "catalog_items": Row("/api/v1/catalog/items", OPEN),
    "job": Row("/api/v1/jobs/{job}", "401 200 404 404 404 404 403 403 403"),
    "job_outcomes": Row("/api/v1/jobs/{job}/outcomes", "401 200 404 404 404 404 403 403 403"),
    "deliveries": Row("/api/v1/deliveries", OF_PROVIDERS),
    "schedule_delivery": Row(
        "/api/v1/deliveries",
        "401 201 409 403 403 403 403 403 403",
        method="POST",
        body={"item": "ilt-64", "code": "NEW-1", "starts_on": "2026-06-01", "ends_on": "2026-06-05"},
    ),
    "delivery": Row("/api/v1/deliveries/{delivery}", OF_THE_PROVIDER),
    "cancel_delivery": Row("/api/v1/deliveries/{delivery}/cancellation", OF_THE_PROVIDER, method="POST"),
    "delete_delivery": Row("/api/v1/deliveries/{delivery}", OF_THE_PROVIDER, method="DELETE"),
    "offerings": Row("/api/v1/offerings", OF_PROVIDERS),
    "offering": Row("/api/v1/offerings/ilt-64", OF_THE_PROVIDER),
    "proposals": Row("/api/v1/proposals", OF_PROVIDERS),
    "proposal": Row("/api/v1/proposals/{proposal}", OF_THE_PROVIDER),
    "propose_item": Row(
        "/api/v1/proposals",
        "401 201 409 403 403 403 403 403 403",  # of the other provider a reviewer answers for the program
        method="POST",
        body={"code": "new-1", "title": "New", "kind": "workshop", "credits": 8, "summary": "All of it."},
    ),
    "withdraw_proposal": Row("/api/v1/proposals/{proposal}/withdrawal", OF_THE_PROVIDER, method="POST"),
    "hand_in_roster": Row(
        "/api/v1/deliveries/{delivery}/rosters",
        "401 202 404 403 403 403 403 403 403",
        method="POST",
        body={"rows": [{"candidate": "CSCO70000001", "completed_on": "2026-05-01"}]},
    ),
    "rosters": Row("/api/v1/rosters", OF_PROVIDERS),
    "roster": Row("/api/v1/rosters/{roster}", OF_THE_PROVIDER),
    "roster_lines": Row("/api/v1/rosters/{roster}/lines", OF_THE_PROVIDER),
    "provider_claims": Row("/api/v1/claims", OF_PROVIDERS),
    "provider_claim": Row("/api/v1/claims/{claim}", OF_THE_PROVIDER),
    "decide_claim": Row("/api/v1/claims/{claim}/decision", OF_THE_PROVIDER, method="POST", body={"outcome": "approve"}),
    "claim_evidence": Row("/api/v1/claims/{claim}/evidence/{evidence}", OF_THE_PROVIDER),
    "eligibility": Row(
        "/api/v1/exams/350-401/eligibility",
        OF_TEST_PARTNERS,
        query={"candidate": "CSCO70000001", "born": "1985-04-09", "day": "2026-05-04"},
    ),
    "results": Row("/api/v1/results", OF_TEST_PARTNERS),
    "report_result": Row(
        "/api/v1/results",
        "401 403 403 201 403 403 403 403 403",
        method="POST",
        body={"candidate": "CSCO70000001", "exam": "350-401", "taken_on": "2026-05-04", "result": "pass"},
    ),
    "correct_result": Row(
        "/api/v1/results/{result}/correction",
        "401 403 403 201 403 403 403 403 403",
        method="POST",
        body={"result": "annulled", "reason": "The room lost its power."},
    ),
    "report_results": Row(
        "/api/v1/results/bulk", "401 403 403 202 403 403 403 403 403", method="POST", body={"rows": [{}]}
    ),
    "gatherings": Row("/api/v1/gatherings", OF_ORGANISERS),
    "gathering": Row("/api/v1/gatherings/{gathering}", OF_ORGANISERS, exam_team=404),
    "gathering_sessions": Row("/api/v1/gatherings/{gathering}/sessions", OF_ORGANISERS, exam_team=404),
    "hand_in_schedule": Row(
        "/api/v1/gatherings/{gathering}/schedule",
        OF_ORGANISERS,
        exam_team=404,
        method="POST",
        body={"rows": [{"code": "BRKSEC-1010", "minutes": 90, "start": "2026-06-01 08:00"}]},
    ),
    "gathering_attendances": Row("/api/v1/gatherings/{gathering}/attendances", OF_ORGANISERS, exam_team=404),
    "report_scans": Row(
        "/api/v1/gatherings/{gathering}/scans",
        "401 403 403 403 202 403 403 403 403",
        exam_team=404,
        method="POST",
        body={"rows": [{}]},
    ),
    "authored_items": Row("/api/v1/authored-items", NOBODY, exam_team=200),
    "authored_items_report": Row("/api/v1/authored-items/{items}", NOBODY, exam_team=200),
    "report_authored_items": Row(
        "/api/v1/authored-items",
        NOBODY,
        exam_team=201,
        method="POST",
        body={
            "candidate": "CSCO70000002",
            "reference": "X-2",
            "kind": "core",
            "accepted": 1,
            "accepted_on": "2026-05-03",
            "direct": True,
        },
    ),
    "workshops": Row("/api/v1/workshops", NOBODY, exam_team=200),
    "workshop": Row("/api/v1/workshops/{workshop}", NOBODY, exam_team=200),
    "report_workshop": Row(
        "/api/v1/workshops",
        NOBODY,
        exam_team=201,
        method="POST",
        body={
            "candidate": "CSCO70000002",
            "reference": "W-2",
            "kind": "jta",
            "level": "expert",
            "days": 1,
            "held_on": "2026-05-03",
        },
    ),
    "statuses": Row("/api/v1/statuses?link={link}", OF_VERIFIERS),
    "status": Row("/api/v1/statuses/{certification}?name={holder}", OF_VERIFIERS),
    "affiliations": Row("/api/v1/affiliations", OF_VERIFIERS),
    "affiliation": Row("/api/v1/affiliations/{affiliation}", OF_VERIFIERS),
    "webhooks": Row("/api/v1/webhooks", "401 200 200 200 200 200 403 403 403"),
    "subscribe_webhook": Row(
        "/api/v1/webhooks",
        "401 201 201 201 201 201 403 403 403",
        method="POST",
        body={"url": "https://example.org/ce", "topics": ["credits.claim_submitted"]},
    ),
    "webhook": Row("/api/v1/webhooks/{webhook}", OF_THE_PROGRAM),
    "change_webhook": Row("/api/v1/webhooks/{webhook}", OF_THE_PROGRAM, method="PATCH", body={"topics": []}),
    "end_webhook": Row("/api/v1/webhooks/{webhook}", "401 204 404 404 404 404 403 403 403", method="DELETE"),
    "rotate_webhook_secret": Row(
        "/api/v1/webhooks/{webhook}/secret", "401 201 404 404 404 404 403 403 403", method="POST"
    ),
    "test_webhook": Row("/api/v1/webhooks/{webhook}/test", "401 202 404 404 404 404 403 403 403", method="POST"),
    "webhook_deliveries": Row("/api/v1/webhooks/{webhook}/deliveries", OF_THE_PROGRAM),
    "redeliver": Row(
        "/api/v1/webhooks/{webhook}/deliveries/{message}/redelivery",
        "401 202 404 404 404 404 403 403 403",
        method="POST",
    ),
    "redeliver_failed": Row(
        "/api/v1/webhooks/{webhook}/redelivery",
        "401 202 404 404 404 404 403 403 403",
        method="POST",
        body={"since": "2026-05-01T00:00:00Z"},
    ),
    "my_certifications": Row("/api/v1/me/certifications", OWN),
    "my_credits": Row("/api/v1/me/credits", OWN),
    "my_open_exams": Row("/api/v1/me/exams", OWN),
    "my_results": Row("/api/v1/me/results", OWN),
    "my_bookings": Row("/api/v1/me/bookings", OWN),
    "my_events": Row("/api/v1/me/events", OWN),
    "my_claims": Row("/api/v1/me/claims", OWN),
}
