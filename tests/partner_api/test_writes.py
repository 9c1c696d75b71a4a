"""A write through the API is made once, whole, and not at all when it is only tried."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response

from ceportal.kernel.decisions import Decision, Finding, Refused
from ceportal.partner_api import feed, jobs, scopes, services
from ceportal.partner_api.etags import etag_of, give_etag, require_match
from ceportal.partner_api.job_views import accepted
from ceportal.partner_api.models import Application, Call, Job, JobChunk, KeptAnswer
from ceportal.partner_api.sweeps import forget
from ceportal.partner_api.views import ApiView
from ceportal.urls import urlpatterns as portal
from tests.factories import noon
from tests.partner_api.world import program, registered

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("desk")]
KEY = {"Idempotency-Key": "a-key"}


class Naming(ApiView):
    """A desk that renames the caller's application: a write as those of the portal are."""

    scopes = {"POST": "claims:decide", "PATCH": "claims:decide"}

    def post(self, request: Request) -> Response:
        application = self.caller.application
        assert application is not None
        before = application.name
        application.name = str(request.data["name"])
        application.save()
        if application.name == "trouble":
            raise RuntimeError("a fault")
        if application.name == "refused":
            raise Refused(Decision((Finding("CE-10", False, "This name is not given."),)))
        response = Response({"before": before, "name": application.name}, status=201)
        response["Location"] = "/here"
        return response

    def patch(self, request: Request) -> Response:
        application = self.caller.application
        assert application is not None
        require_match(request, etag_of(application.name))
        application.name = str(request.data["name"])
        application.save()
        return give_etag(Response({}), etag_of(application.name))


class Bulk(ApiView):
    """A desk that takes rows."""

    scopes = {"POST": "claims:decide"}
    in_bulk = True

    def post(self, request: Request) -> Response:
        job = jobs.start_job(
            caller=self.caller, kind="names", rows=request.data["rows"], now=self.now, dry_run=self.dry_run
        )
        return accepted(job, request)


def run_chunk(job: Job, rows: list[dict[str, Any]], **_where: Any) -> list[dict[str, Any]]:
    """Registers an application for each row that has a name; "trouble" is a fault."""
    outcomes = []
    for row in rows:
        if row.get("name") == "trouble":
            raise RuntimeError("a fault")
        if not row.get("name"):
            outcomes.append({"status": "wrong", "errors": {"name": "A name is needed."}})
            continue
        Application.objects.get_or_create(
            name=row["name"],
            defaults={"kind": "provider", "tenant": "bulk", "responsible": job.application.responsible,
                      "created_at": job.created_at},
        )  # fmt: skip
        outcomes.append({"status": "accepted"})
    return outcomes


urlpatterns = [
    path("api/v1/naming", Naming.as_view()),
    path("api/v1/bulk", Bulk.as_view()),
    path("", include(portal)),
]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The two views of this file among those of the portal."""
    monkeypatch.setitem(__import__("ceportal.events", fromlist=["JOBS"]).JOBS, "names", f"{__name__}.run_chunk")
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def issued() -> services.Issued:
    return registered(scopes.PROVIDER, "acme")


def post(caller: Any, address: str, body: Any, **headers: str) -> Any:
    return caller.post(address, json.dumps(body), content_type="application/json", headers=headers)


def name_of(issued: services.Issued) -> str:
    return Application.objects.get(pk=issued.credential.application_id).name


def test_a_write_without_a_key_is_not_made(issued: services.Issued) -> None:
    answer = post(program(issued), "/api/v1/naming", {"name": "new"})

    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert list(answer.json()["errors"]) == ["Idempotency-Key"]
    assert name_of(issued) == "Program of acme"


def test_sent_again_it_is_answered_again_and_done_once(issued: services.Issued) -> None:
    caller = program(issued)

    first, again = (post(caller, "/api/v1/naming", {"name": "new"}, **KEY) for _time in range(2))

    assert first.json() == again.json() == {"before": "Program of acme", "name": "new"}
    assert (again.status_code, again["Location"], again["Idempotency-Replayed"]) == (201, "/here", "true")
    assert again["Content-Type"] == first["Content-Type"] == "application/json"
    assert "Idempotency-Replayed" not in first


def test_a_key_belongs_to_one_request_of_one_caller(issued: services.Issued) -> None:
    other = program(registered(scopes.PROVIDER, "globex"))
    post(program(issued), "/api/v1/naming", {"name": "new"}, **KEY)

    another = post(program(issued), "/api/v1/naming", {"name": "newer"}, **KEY)
    of_others = post(other, "/api/v1/naming", {"name": "newer"}, **KEY)

    assert (another.status_code, of_others.status_code) == (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CREATED)
    assert name_of(issued) == "new"


def test_a_refusal_is_an_answer_and_takes_back_what_was_begun(issued: services.Issued) -> None:
    caller = program(issued)

    first, again = (post(caller, "/api/v1/naming", {"name": "refused"}, **KEY) for _time in range(2))

    assert (first.status_code, again.status_code) == (HTTPStatus.CONFLICT, HTTPStatus.CONFLICT)
    assert first.json()["decision"]["findings"][0]["clause"] == "CE-10"
    assert first.json() == again.json()
    assert again["Content-Type"] == "application/problem+json"
    assert name_of(issued) == "Program of acme"


def test_a_fault_of_ours_leaves_nothing_behind_but_the_record_of_the_call(issued: services.Issued) -> None:
    caller = program(issued)
    caller.raise_request_exception = False

    answer = post(caller, "/api/v1/naming", {"name": "trouble"}, **KEY)

    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert name_of(issued) == "Program of acme"
    assert not KeptAnswer.objects.exists()
    call = Call.objects.get()
    assert (call.status, call.application) == (500, issued.credential.application)


def test_what_is_wrong_in_shape_may_be_put_right_under_the_same_key(issued: services.Issued) -> None:
    wrong = program(issued).post("/api/v1/bulk", "{", content_type="application/json", headers=KEY)
    empty = post(program(issued), "/api/v1/bulk", {"rows": []}, **KEY)
    right = post(program(issued), "/api/v1/bulk", {"rows": [{"name": "one"}]}, **KEY)

    assert (wrong.status_code, empty.status_code, right.status_code) == (400, 400, 202)
    assert list(empty.json()["errors"]) == ["rows"]


@pytest.mark.django_db(transaction=True)
def test_a_key_in_use_at_this_moment_is_told_so(issued: services.Issued) -> None:
    caller = program(issued)
    with connection.copy().cursor() as elsewhere:
        named = f"application:{issued.credential.application_id} a-key"
        elsewhere.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [named])
        meanwhile = post(caller, "/api/v1/naming", {"name": "new"}, **KEY)
        elsewhere.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [named])
        elsewhere.connection.close()
    later = post(caller, "/api/v1/naming", {"name": "new"}, **KEY)

    assert (meanwhile.status_code, later.status_code) == (HTTPStatus.CONFLICT, HTTPStatus.CREATED)


def test_what_is_only_tried_leaves_nothing_behind(issued: services.Issued) -> None:
    caller = program(issued)

    tried = post(caller, "/api/v1/naming?dry_run=true", {"name": "new"})
    refused = post(caller, "/api/v1/naming?dry_run=true", {"name": "refused"})
    unclear = post(caller, "/api/v1/naming?dry_run=perhaps", {"name": "new"}, **KEY)

    assert (tried.status_code, tried["Dry-Run"], tried.json()["name"]) == (201, "true", "new")
    assert (refused.status_code, unclear.status_code) == (HTTPStatus.CONFLICT, HTTPStatus.BAD_REQUEST)
    assert name_of(issued) == "Program of acme"
    assert not KeptAnswer.objects.exists()


def test_a_change_is_made_to_the_state_that_was_seen_only(issued: services.Issued) -> None:
    caller = program(issued)

    def patch(name: str, **headers: str) -> Any:
        return caller.patch(
            "/api/v1/naming", json.dumps({"name": name}), content_type="application/json", headers=headers
        )

    blind = patch("new")
    stale = patch("new", **{"If-Match": etag_of("an older name")})
    made = patch("new", **{"If-Match": etag_of("Program of acme")})
    whatever = patch("newer", **{"If-Match": "*"})

    assert [each.status_code for each in (blind, stale, made, whatever)] == [428, 412, 200, 200]
    assert made["ETag"] == etag_of("new")
    assert name_of(issued) == "newer"


def handed_in(issued: services.Issued, rows: list[dict[str, Any]], address: str = "/api/v1/bulk") -> Job:
    answer = post(program(issued), address, {"rows": rows}, **KEY)
    assert answer.status_code == HTTPStatus.ACCEPTED
    assert answer["Location"].endswith(f"/api/v1/jobs/{answer.json()['id']}")
    return Job.objects.get(pk=answer.json()["id"])


def work_on(job: Job) -> Job:
    jobs.run_job(job_id=job.pk, clock=lambda: noon("2026-05-04"))
    job.refresh_from_db()
    return job


def finished(issued: services.Issued) -> list[dict[str, Any]]:
    """What the feed tells a program of its bulks."""
    feed.give_positions()
    read = feed.entries_for(feed.of_application(issued.credential.application), after=0, limit=100)
    return [entry.data for entry in read.entries if entry.topic == "partner_api.job_finished"]


def test_a_bulk_is_done_chunk_by_chunk_with_an_outcome_a_row(issued: services.Issued) -> None:
    rows = [{"name": f"name {number}"} for number in range(jobs.CHUNK_ROWS)] + [{}]

    job = work_on(handed_in(issued, rows))

    assert (job.status, job.rows_done, job.counts) == ("done", len(rows), {"accepted": len(rows) - 1, "wrong": 1})
    assert Application.objects.filter(tenant="bulk").count() == len(rows) - 1
    caller = program(issued)
    page = caller.get(f"/api/v1/jobs/{job.pk}/outcomes", {"after": 499}).json()
    last = caller.get(page["next"]).json()
    assert page["results"] == [{"row": 500, "status": "accepted"}]
    assert last["results"] == [{"row": 501, "status": "wrong", "errors": {"name": "A name is needed."}}]
    assert last["next"] is None
    assert program(registered(scopes.PROVIDER, "globex")).get(f"/api/v1/jobs/{job.pk}").status_code == 404

    (told,) = finished(issued)
    assert told == {
        "job": job.pk, "kind": job.kind, "status": "done", "dry_run": False, "rows_total": len(rows),
        "rows_done": len(rows), "counts": job.counts,
    }  # fmt: skip
    application = issued.credential.application
    another = registered(application.kind, application.tenant)
    assert program(another).get(f"/api/v1/jobs/{job.pk}").status_code == 404
    assert finished(another) == [], "what another program of the same partner cannot read it is not told"


def test_a_bulk_that_is_only_tried_says_what_would_become_of_it(issued: services.Issued) -> None:
    job = work_on(handed_in(issued, [{"name": "new"}, {}], "/api/v1/bulk?dry_run=true"))

    assert (job.status, job.counts) == ("done", {"accepted": 1, "wrong": 1})
    assert [told["dry_run"] for told in finished(issued)] == [True]
    assert not Application.objects.filter(tenant="bulk").exists()


def test_a_worker_that_died_is_followed_by_another_that_goes_on_after_it(issued: services.Issued) -> None:
    job = handed_in(issued, [{"name": f"name {number}"} for number in range(2 * jobs.CHUNK_ROWS)])
    trouble = JobChunk.objects.filter(job=job).last()
    assert trouble is not None
    rows = trouble.rows
    trouble.rows = [*rows[:-1], {"name": "trouble"}]
    trouble.save()

    stopped = work_on(job)
    assert (stopped.status, stopped.rows_done, stopped.failures) == ("running", jobs.CHUNK_ROWS, 1)
    assert finished(issued) == []
    assert Application.objects.filter(tenant="bulk").count() == jobs.CHUNK_ROWS
    trouble.rows = rows
    trouble.save()

    assert jobs.wake_left_jobs(now=noon("2026-05-05")) == 1
    assert work_on(job).status == "done"
    assert Application.objects.filter(tenant="bulk").count() == 2 * jobs.CHUNK_ROWS


def test_a_fault_that_stays_ends_the_job_and_is_told(issued: services.Issued) -> None:
    job = handed_in(issued, [{"name": "trouble"}])

    for _time in range(jobs.MOST_FAILURES + 1):
        work_on(job)

    told = program(issued).get(f"/api/v1/jobs/{job.pk}").json()
    assert (told["status"], told["rows_done"]) == ("failed", 0)
    assert told["last_error"].startswith("A fault of ours") and "RuntimeError" not in told["last_error"]
    assert Job.objects.get(pk=told["id"]).last_error == "RuntimeError: a fault"
    assert [each["status"] for each in finished(issued)] == ["failed"], "once"


def test_what_was_kept_goes_when_its_time_has_come(issued: services.Issued) -> None:
    job = work_on(handed_in(issued, [{"name": "new"}]))

    assert job.finished_at is not None
    assert forget(now=job.finished_at) == 0
    assert forget(now=noon("2036-05-05")) > 0
    assert not KeptAnswer.objects.exists()
    assert not Job.objects.exists()
    assert forget(now=noon("2036-05-05")) == 0
