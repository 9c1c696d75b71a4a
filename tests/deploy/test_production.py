"""The portal in production's settings: what it refuses, how it is configured, and that it serves and logs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from django.db import connection

from tests.environment import PROJECT, production, variables

NEEDED = sorted(variable.name for variable in variables().values() if variable.needed)
START_SECONDS = 60


def run(*command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], check=False, cwd=PROJECT, env=environment, capture_output=True, text=True
    )


def read_settings(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Import the settings as a process of production would; prints some of them."""
    wanted = (
        "import ceportal.settings as s;"
        "print(s.SECRET_KEY, *s.SECRET_KEY_FALLBACKS, s.REDIS_URL, s.DATABASES['default']['HOST'])"
    )
    return run("-c", wanted, environment=environment)


@pytest.fixture(scope="module")
def static_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assets as production serves them, under hashed names."""
    folder = tmp_path_factory.mktemp("static")
    done = run("manage.py", "collectstatic", "--no-input", environment=production(STATIC_ROOT=str(folder)))
    assert done.returncode == 0, done.stderr
    return folder


def test_every_secret_and_address_is_needed() -> None:
    assert NEEDED == [
        "BASE_URL",
        "DATABASE_URL",
        "EMAIL_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "SIGNING_KEY",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
    ]


@pytest.mark.parametrize(
    ("name", "given"), [*((name, None) for name in NEEDED), ("SECRET_KEY", ""), ("EMAIL_URL", " \n")]
)
def test_production_refuses_to_start_without(name: str, given: str | None) -> None:
    done = read_settings(production(**{name: given}))
    assert done.returncode != 0
    assert f"{name} is not set." in done.stderr
    assert f"{name}_FILE" in done.stderr


@pytest.mark.parametrize("secret", [None, "", "name", ":", "name:"])
def test_a_mail_service_is_not_heard_without_a_secret(secret: str | None) -> None:
    done = read_settings(production(MAIL_SERVICE="postmark", MAIL_WEBHOOK_SECRET=secret, EMAIL_URL=None))
    assert done.returncode != 0
    assert "MAIL_SERVICE needs MAIL_WEBHOOK_SECRET" in done.stderr


def test_a_mail_service_needs_no_mail_server() -> None:
    done = read_settings(production(MAIL_SERVICE="postmark", MAIL_WEBHOOK_SECRET="name:password", EMAIL_URL=None))
    assert done.returncode == 0, done.stderr


def test_an_authority_of_ones_own_that_cannot_be_read_is_told_at_the_start() -> None:
    done = read_settings(production(WEBHOOKS_CA="not a certificate"))
    assert done.returncode != 0
    assert "WEBHOOKS_CA holds no certificate" in done.stderr


def test_the_demonstration_is_refused_where_it_could_meet_real_data() -> None:
    done = read_settings(production(DEMO="1"))
    assert done.returncode != 0
    assert "DEMO=1 needs DEBUG=1" in done.stderr


def test_secrets_are_read_from_files_and_the_line_break_at_their_end_is_not_part_of_them(tmp_path: Path) -> None:
    changes: dict[str, str | None] = {}
    for name, value in [
        ("SECRET_KEY", "from-a-file"),
        ("SECRET_KEY_FALLBACKS", "second\nfirst"),
        ("REDIS_URL", "redis://from-a-file:6379/0"),
        ("DATABASE_URL", "postgres://ceportal:p@database-from-a-file:5432/ceportal"),
    ]:
        (tmp_path / name).write_text(f"{value}\n")
        changes |= {name: None, f"{name}_FILE": str(tmp_path / name)}
    done = read_settings(production(**changes))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "from-a-file second first redis://from-a-file:6379/0 database-from-a-file\n"


def test_the_deployment_check_has_nothing_to_say() -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", environment=production())
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    assert "WARNING" not in done.stderr


def test_static_files_are_collected_with_every_name_they_refer_to(static_files: Path) -> None:
    manifest = json.loads((static_files / "staticfiles.json").read_text())["paths"]
    assert {"js/page.js", "img/favicon.svg", "django_htmx/htmx-2.min.js"} <= set(manifest)


@dataclass
class Server:
    """The production web server: its port and every line it has written."""

    port: int
    environment: dict[str, str]
    lines: list[str] = field(default_factory=list)

    def get(self, path: str) -> tuple[dict[str, str], str]:
        request = Request(
            f"http://127.0.0.1:{self.port}{path}",
            headers={"Host": "portal.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"},
        )
        with urlopen(request, timeout=30) as answer:
            return dict(answer.headers), answer.read().decode()

    def healthcheck(self, path: str) -> int:
        environment = self.environment | {"HEALTHCHECK_PORT": str(self.port)}
        return run("deploy/healthcheck.py", path, environment=environment).returncode


@contextmanager
def gunicorn(environment: dict[str, str]) -> Iterator[Server]:
    """Start it with production's configuration on a free port; it is ready when it says so."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}",
         "--workers", "1", "ceportal.wsgi:application"],
        cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    server = Server(port, environment)
    booted = threading.Event()

    def read() -> None:
        for line in process.stdout:
            server.lines.append(line)
            if "Booting worker" in line:
                booted.set()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert booted.wait(START_SECONDS), "".join(server.lines)
        yield server
    finally:
        process.terminate()
        process.wait(START_SECONDS)
        reader.join()
        process.stdout.close()


@pytest.mark.django_db(transaction=True)
def test_the_web_server_serves_answers_its_health_check_and_logs_json_only(static_files: Path) -> None:
    server, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    database = f"{server}/{connection.settings_dict['NAME']}"
    with gunicorn(production(DATABASE_URL=database, STATIC_ROOT=str(static_files))) as web:
        assert web.healthcheck("/healthz") == 0
        assert web.healthcheck("/readyz") == 0
        assert web.healthcheck("/no-such-page") == 1
        headers, page = web.get("/?name=Alice")
        assert "CE Portal" in page
        assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
        icon = page.split('rel="icon" href="')[1].split('"')[0]
        assert "immutable" in web.get(icon)[0]["Cache-Control"]

    entries = [json.loads(line) for line in web.lines]
    (landing,) = [entry for entry in entries if entry.get("request") == "GET /"]
    assert landing["event"] == "request_finished"
    assert landing["code"] == 200
    assert landing["request_id"] == headers["X-Request-ID"]
    text = "".join(web.lines)
    assert "Alice" not in text
    assert "203.0.113.7" not in text
    assert web.environment["SECRET_KEY"] not in text
