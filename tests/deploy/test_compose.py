"""The production shape names only what exists: no container engine is needed to find that out."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from django.urls import resolve

from ceportal import settings as settings_of_the_portal
from tests.environment import PROJECT, variables

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (PROJECT / "Dockerfile").read_text().replace("\\\n", " ")
CADDYFILE = (PROJECT / "deploy/Caddyfile").read_text()
PORTAL = ("migrate", "web", "worker", "beat")
# Read by gunicorn, by deploy/healthcheck.py, by Python and by the images of others.
NOT_OURS = {"WEB_CONCURRENCY", "HOME", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "DJANGO_SETTINGS_MODULE"}
BASES = {"python", "caddy"}


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of a kind in the Dockerfile."""
    return re.findall(rf"^{name} +(.+)$", DOCKERFILE, re.MULTILINE)


def stage(name: str) -> str:
    """The text of one stage of the Dockerfile."""
    (text,) = re.findall(rf"^FROM \S+ AS {name}\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL)
    return str(text)


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command that something starts, by who starts it."""
    for name, service in SERVICES.items():
        if "command" in service:
            yield name, service["command"]
        test = service.get("healthcheck", {}).get("test", [])
        if test[:1] == ["CMD"]:
            yield f"{name} health", test[1:]
        elif test[:1] == ["CMD-SHELL"]:
            yield f"{name} health", shlex.split(test[1])
    for number, text in enumerate(re.findall(r"CMD (\[.+\])", DOCKERFILE)):
        yield f"Dockerfile {number}", yaml.safe_load(text)


@pytest.mark.parametrize("name", PORTAL)
def test_the_environment_of_the_portal_is_what_settings_read(name: str) -> None:
    known = variables()
    given = {key.removesuffix("_FILE") for key in SERVICES[name]["environment"]} - NOT_OURS
    assert given <= set(known)
    assert {variable.name for variable in known.values() if variable.needed} <= given
    assert not given & {"DEBUG", "DEMO", "STRIPE_API_BASE"}, "production is neither a demonstration nor a trial"


def test_the_environment_of_the_image_is_what_settings_read() -> None:
    names = re.findall(r"(\b[A-Z_]+)=", " ".join(re.findall(r"^ENV (.+)$", stage("portal"), re.MULTILINE)))
    assert names
    assert set(names) - NOT_OURS <= set(variables())


def test_the_stylesheet_and_static_files_are_built_with_all_that_settings_need() -> None:
    (build,) = [text for text in instructions("RUN") if "collectstatic" in text]
    needed = {variable.name for variable in variables().values() if variable.needed}
    assert needed <= set(re.findall(r"([A-Z_]+)=", build))


@pytest.mark.parametrize(("who", "command"), list(commands()), ids=[who for who, _ in commands()])
def test_every_command_exists(who: str, command: list[str]) -> None:
    program, *arguments = command
    match program:
        case "python":
            script, *rest = arguments
            assert (PROJECT / script).is_file()
            if script == "manage.py":
                assert rest[0] in get_commands()
            else:
                resolve(rest[0])
        case "gunicorn":
            assert arguments[0] == "--config"
            assert (PROJECT / arguments[1]).is_file()
            module, _, name = arguments[-1].partition(":")
            assert callable(getattr(importlib.import_module(module), name))
        case "celery":
            assert arguments[0] == "--app"
            assert importlib.import_module(arguments[1]).app.main == "ceportal"
            assert arguments[2] in {"worker", "beat", "inspect"}
        case "valkey-server":
            assert any(f"deploy/valkey.conf:{arguments[0]}" in volume for volume in SERVICES["valkey"]["volumes"])
        case "caddy":
            assert f"COPY deploy/Caddyfile {arguments[arguments.index('--config') + 1]}" in DOCKERFILE
        case _:
            assert (who.removesuffix(" health"), program) in {
                ("postgres", "pg_isready"),
                ("valkey", "valkey-cli"),
                ("proxy", "wget"),
            }


def test_gunicorn_and_celery_are_installed() -> None:
    scripts = {script.name for script in importlib.metadata.entry_points(group="console_scripts")}
    assert {"gunicorn", "celery"} <= scripts


def test_every_secret_is_declared_used_and_never_an_environment_variable() -> None:
    declared = COMPOSE["secrets"]
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(declared)
    for name, secret in declared.items():
        assert secret == {"file": f"deploy/secrets/{name}"}
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if "/run/secrets/" in str(value):
                assert key.endswith("_FILE")
                assert value.removeprefix("/run/secrets/") in service["secrets"]
            assert not re.search(r"SECRET|PASSWORD|KEY|DATABASE_URL|REDIS_URL|EMAIL_URL", key) or key.endswith("_FILE")
    assert "include /run/secrets/valkey_auth" in (PROJECT / "deploy/valkey.conf").read_text()


def test_the_script_makes_every_secret_that_is_declared() -> None:
    made = re.findall(r'keep\("(\w+)"', (PROJECT / "deploy/make_secrets.py").read_text())
    others = re.search(r"GIVEN_BY_OTHERS = \((.+)\)", (PROJECT / "deploy/make_secrets.py").read_text())
    assert others
    assert {*made, *re.findall(r'"(\w+)"', others[1])} == set(COMPOSE["secrets"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    uid = service["user"].split(":")[0]
    assert uid.isdigit()
    assert int(uid) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert any(mount.startswith("/tmp:") for mount in service["tmpfs"])
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert "healthcheck" in service


def test_only_the_proxy_can_be_reached_and_data_stays_inside() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"proxy"}
    published = dict(port.split(":") for port in SERVICES["proxy"]["ports"])
    assert published == {
        "80": re.search(r"http_port (\d+)", CADDYFILE)[1],  # type: ignore[index]
        "443": re.search(r"https_port (\d+)", CADDYFILE)[1],  # type: ignore[index]
    }
    used = {network for service in SERVICES.values() for network in service["networks"]}
    assert used == set(COMPOSE["networks"])
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("postgres", "valkey"):
        assert SERVICES[name]["networks"] == ["inside"]


def test_the_proxy_speaks_to_a_service_that_listens() -> None:
    upstreams = re.findall(r"^\s*reverse_proxy (\w+):(\d+)", CADDYFILE, re.MULTILINE)
    assert upstreams == [("web", "8000")]
    assert set(SERVICES["web"]["networks"]) & set(SERVICES["proxy"]["networks"]) >= {"edge"}
    assert "EXPOSE 8000" in stage("portal")
    assert 'bind = "0.0.0.0:8000"' in (PROJECT / "deploy/gunicorn.conf.py").read_text()
    names = set(re.findall(r"\{\$(\w+)\}", CADDYFILE))
    assert names <= set(SERVICES["proxy"]["environment"])
    for path in re.findall(r"@\w+ path (\S+)", CADDYFILE):
        resolve(path)
    assert SERVICES["web"]["environment"]["TRUSTED_PROXIES"] == "1"


def test_volumes_are_named_and_media_is_shared_by_those_who_use_it() -> None:
    mounted = [volume.split(":") for service in SERVICES.values() for volume in service.get("volumes", [])]
    named = {source for source, *_ in mounted if not source.startswith(".")}
    assert named == set(COMPOSE["volumes"])
    for source, *_ in mounted:
        assert not source.startswith(".") or (PROJECT / source).is_file()
    media = SERVICES["web"]["environment"]["MEDIA_ROOT"]
    for name in ("web", "worker"):
        assert f"media:{media}" in SERVICES[name]["volumes"]
    assert "/srv/media" in stage("portal")


def test_what_depends_waits_for_migrations_and_for_health() -> None:
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "test" in SERVICES[other]["healthcheck"]


def test_images_are_pinned_and_postgres_is_new_enough() -> None:
    images = [service["image"] for service in SERVICES.values()]
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    for image in {*images, *bases}:
        name, _, tag = image.partition(":")
        assert re.match(r"\d+\.\d+", tag), image
        assert name in {"ceportal", "ceportal-proxy", "postgres", "valkey/valkey", *BASES}
    assert int(SERVICES["postgres"]["image"].partition(":")[2].split(".")[0]) >= 15
    version = re.search(r'^version = "(.+)"', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert SERVICES["web"]["image"] == f"ceportal:{version[1]}"


def test_the_dockerfile_copies_what_exists_and_runs_as_nobody_special() -> None:
    ignored = (PROJECT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    for arguments in instructions("COPY"):
        if arguments.startswith("--from"):
            continue
        *sources, _target = arguments.split()
        for source in sources:
            assert (PROJECT / source).exists(), source
            assert f"!{source.rstrip('/').split('/')[0]}" in ignored, source
    assert "--require-hashes" in stage("build")
    for final in ("portal", "proxy"):
        (user,) = re.findall(r"^USER (\d+):(\d+)$", stage(final), re.MULTILINE)
        assert user[0] != "0"
    assert SERVICES["web"]["user"] == re.search(r"USER (\S+)", stage("portal"))[1]  # type: ignore[index]
    assert SERVICES["proxy"]["user"] == re.search(r"USER (\S+)", stage("proxy"))[1]  # type: ignore[index]


def test_every_app_is_in_the_image() -> None:
    copied = {source.rstrip("/") for arguments in instructions("COPY") for source in arguments.split()[:-1]}
    ours = {
        app.split(".")[0] for app in settings_of_the_portal.INSTALLED_APPS if (PROJECT / app.split(".")[0]).is_dir()
    }
    assert ours <= copied
