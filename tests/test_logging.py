"""One request, one id: in the answer, in the log of the web server, in the task it starts, in the worker's log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
import structlog
from django.conf import settings as portal
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from candidates.models import Candidate
from ceportal import logs
from ceportal.middleware import ClientAddressMiddleware, RequestLogMiddleware
from tests import factories
from tests.reference_data import load_reference

PROJECT = Path(__file__).resolve().parent.parent
WORKER_SECONDS = 60


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """The test run's own Valkey, with nothing queued."""
    with redis.Redis.from_url(portal.CELERY_BROKER_URL, decode_responses=True) as server:
        server.flushdb()
        yield server
        server.flushdb()


@pytest.fixture
def request_id(client: Client, alice: Candidate, broker: redis.Redis) -> str:
    """The id of a request that enrolls Alice, after which a message to her is due."""
    load_reference()
    factories.CertificationFactory.create(candidate=alice)
    assert alice.user is not None
    client.force_login(alice.user)
    broker.flushdb()  # what was made ready has been told, too
    answer = client.post(reverse("credits:enroll"), {"accept": "on", "version": "1.0"})
    assert answer.status_code == 302, answer.text
    return str(answer["X-Request-ID"])


@contextmanager
def worker() -> Iterator[Callable[[Callable[[list[dict[str, Any]]], bool]], list[dict[str, Any]]]]:
    """A real worker on the test's database and broker; gives a function that reads its log up to a condition."""
    server, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    database = f"{server}/{connection.settings_dict['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "--app", "ceportal.celery", "worker",
         "--pool", "solo", "--without-mingle", "--without-gossip", "--loglevel", "INFO"],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": database, "DEMO": "1", "LOG_LEVEL": "INFO", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    patience = threading.Timer(WORKER_SECONDS, process.kill)
    patience.start()
    with process:
        try:
            assert process.stderr is not None
            lines = process.stderr

            def read_until(enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
                read: list[dict[str, Any]] = []
                while not enough(read):
                    line = lines.readline()
                    assert line, f"The worker ended: {read}"
                    read.append(json.loads(line))
                return read

            yield read_until
        finally:
            patience.cancel()
            process.kill()


@pytest.mark.django_db(transaction=True)
def test_the_id_goes_with_the_task(request_id: str, broker: redis.Redis, alice: Candidate) -> None:
    queued = [json.loads(message) for message in broker.lrange("celery", 0, -1)]
    assert [message["headers"]["task"] for message in queued] == ["kernel.relay"]
    (context,) = [message["headers"]["__django_structlog__"] for message in queued]
    assert context["request_id"] == request_id
    assert context["user_id"] == alice.user_id
    assert "ip" not in context


@pytest.mark.django_db(transaction=True)
def test_a_worker_logs_under_the_id_of_the_request_down_to_the_mail(request_id: str, alice: Candidate) -> None:
    def mail_went_out(read: list[dict[str, Any]]) -> bool:
        return sum(line.get("event") == "task_succeeded" for line in read) >= 4

    with worker() as read_until:
        lines = read_until(mail_went_out)

    started = [line for line in lines if line.get("event") == "task_started"]
    assert [line["task"] for line in started[:4]] == [
        "kernel.relay",
        "kernel.deliver",
        "kernel.relay",
        "kernel.deliver",
    ]
    assert {line["request_id"] for line in started[:4]} == {request_id}
    enqueued = [line["child_task_id"] for line in lines if line.get("event") == "task_enqueued"]
    assert len(enqueued) == len(set(enqueued)), "each is said once"
    text = json.dumps(lines)
    assert "delivery_failed" not in text, text
    assert alice.email not in text
    assert alice.name not in text
    (message,) = Path(portal.MAIL_DIR).glob("*.log")
    assert f"To: {alice.email}" in message.read_text()
    message.unlink()


@pytest.mark.django_db
def test_every_request_has_its_own_id_and_cannot_choose_it(client: Client) -> None:
    chosen = {"X-Request-ID": "chosen"}
    ids = [client.get(reverse("healthz"), headers=chosen)["X-Request-ID"] for _each in range(2)]
    assert len(set(ids)) == 2
    assert "chosen" not in ids


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "named"), [("/report/follow/", False), ("/reports/", True)])
def test_who_reports_in_confidence_is_not_written_down(path: str, named: bool, alice: Candidate) -> None:
    """CAND-03: the log says who was signed in, but not of the pages of reports."""
    request = RequestFactory().get(path)
    assert alice.user is not None
    request.user = alice.user
    with structlog.contextvars.bound_contextvars():
        RequestLogMiddleware.bind_user_id(request)
        bound = structlog.contextvars.get_contextvars()
        structlog.contextvars.unbind_contextvars("user_id")
    assert (bound.get("user_id") == alice.user_id) is named


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("{'ann@mail.example.org': (550, b'no such user')}", "{'[e-mail]': (550, b'no such user')}"),
        ("GET /accounts/confirm-email/MQ:1vK:x-y_z/", "GET /accounts/confirm-email/[key]/"),
        ("Not Found: /accounts/password/reset/key/a-b3f/", "Not Found: /accounts/password/reset/key/[key]/"),
        ("GET /verify/xY_7-aaaaaaaaaaaaaaaaaaaaaaaaaaaa/", "GET /verify/[key]/"),
        ("GET /verify/", "GET /verify/"),
        ("GET /shared/xY_7-aaaaaaaaaaaaaaaaaaaaaaaaaaaa/", "GET /shared/[key]/"),
        ("Connected to redis://:pass@127.0.0.1:6379", "Connected to redis://:[e-mail]:6379"),
        ("celery@host ready.", "celery@host ready."),
    ],
)
def test_what_a_log_line_must_not_hold_is_taken_out(said: str, written: str) -> None:
    assert json.loads(logs.without_addresses(None, "", json.dumps({"event": said}))) == {"event": written}


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.66, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.66, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_only_our_own_proxies_are_believed(proxies: int, header: str, address: str, settings: Any) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": header})
    ClientAddressMiddleware(lambda _request: None)(request)  # type: ignore[arg-type,return-value]
    assert request.META["REMOTE_ADDR"] == address
