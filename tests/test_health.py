"""The first page, the way home, and what the machinery asks."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from candidates.models import Candidate, User
from catalog.models import ProviderMember
from ceportal import health
from ceportal.kernel import clock
from ceportal.kernel.models import Delivery, Event
from exams.models import SiteMember
from tests import factories
from tests.factories import noon

NOW = noon("2026-03-02")


@pytest.fixture
def standing():
    with clock.standing_at(NOW):
        yield


def overdue(seconds: int, *, status: str = "pending") -> None:
    """A delivery that should have been made so many seconds ago."""
    event = Event.objects.create(topic="test.told", subject_type="test", subject_id=1, occurred_at=NOW)
    Delivery.objects.create(
        event=event,
        receiver="outside",
        status=status,
        due_at=NOW - timedelta(seconds=seconds),
        done_at=NOW if status == "done" else None,
    )


def test_alive_without_any_database(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"alive": True})
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.usefixtures("standing")
class TestReady:
    def test_ready(self, client: Client) -> None:
        response = client.get("/readyz")
        assert response.status_code == 200
        assert response.json() == {
            "ready": True,
            "checks": {
                "database": {"ok": True, "detail": "answers"},
                "broker": {"ok": True, "detail": "answers"},
                "migrations": {"ok": True, "detail": "0 to apply"},
                "relay": {"ok": True, "detail": "0 s behind"},
            },
        }

    @pytest.mark.parametrize(
        ("_case", "seconds", "status", "code"),
        [
            ("the last second that is in time", 300, "pending", 200),
            ("a second later", 301, "pending", 503),
            ("done", 3000, "done", 200),
            ("given up", 3000, "failed", 200),
            ("not due yet", -60, "pending", 200),
        ],
    )
    def test_how_far_the_relay_is_behind(
        self, client: Client, _case: str, seconds: int, status: str, code: int
    ) -> None:
        overdue(seconds, status=status)
        response = client.get("/readyz")
        assert response.status_code == code
        assert response.json()["checks"]["relay"]["ok"] is (code == 200)
        assert response.json()["ready"] is (code == 200)

    def test_the_oldest_counts(self, client: Client) -> None:
        overdue(10)
        overdue(400)
        assert client.get("/readyz").json()["checks"]["relay"] == {"ok": False, "detail": "400 s behind"}

    def test_a_broker_that_does_not_answer(self, client: Client, settings) -> None:
        settings.CELERY_BROKER_URL = "redis://:hush-hush@127.0.0.1:9/0"
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["checks"]["broker"] == {"ok": False, "detail": "ConnectionError"}
        assert response.json()["checks"]["database"]["ok"] is True
        assert "hush-hush" not in response.text

    def test_migrations_not_applied(self, client: Client) -> None:
        latest = MigrationLoader(connection).graph.leaf_nodes("catalog")
        MigrationRecorder(connection).record_unapplied(*latest[0])
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["checks"]["migrations"] == {"ok": False, "detail": "1 to apply"}


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_answer(client: Client) -> None:
    connection.close()
    port = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = "9"
    try:
        response = client.get("/readyz")
    finally:
        connection.settings_dict["PORT"] = port
        connection.close()
    assert response.status_code == 503
    checks = response.json()["checks"]
    assert [name for name, check in checks.items() if check["ok"]] == ["broker"]
    assert connection.settings_dict["PASSWORD"] not in response.text
    assert str(health.RELAY_LAG_AT_MOST_SECONDS) not in response.text


@pytest.mark.django_db
class TestWayHome:
    def test_each_to_their_own(
        self, client: Client, alice: Candidate, bob: ProviderMember, proctor: SiteMember, dan: User
    ) -> None:
        nobody = factories.UserFactory.create()
        for user, home in [
            (alice.user, "/dashboard/"),
            (bob.user, "/provider/"),
            (proctor.user, "/desk/"),
            (dan, "/admin/"),
            (nobody, "/link/"),
        ]:
            client.force_login(user)
            assert client.get("/home/")["Location"] == home

    def test_visitors_sign_in(self, client: Client) -> None:
        assert urlsplit(client.get("/home/")["Location"]).path == "/accounts/login/"


@pytest.mark.django_db
class TestLanding:
    @pytest.mark.parametrize(
        ("on", "credits", "months"),
        [
            ("2020-02-23", [None, None, None, None, 100], [None, 36, 36, 36, 24]),
            ("2020-02-24", [None, 30, 40, 80, 120], [None, 36, 36, 36, 36]),
        ],
    )
    def test_says_what_renewal_takes_today(
        self, client: Client, on: str, credits: list[int | None], months: list[int | None]
    ) -> None:
        with clock.standing_at(noon(on)):
            response = client.get("/")
        levels = response.context["levels"]
        assert [level["credits"] for level in levels] == credits
        assert [level["months"] for level in levels] == months
        assert [str(level["label"]) for level in levels][-1] == "Expert"
