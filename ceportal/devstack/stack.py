"""The whole portal on one machine: which processes, in which order, with which environment."""

from __future__ import annotations

import errno
import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NoReturn, cast

from ceportal.demo.logins import DEMO_LOGINS, DemoLogin
from ceportal.devstack import stylesheet
from ceportal.devstack.folder import check_space, local_secrets, remember_processes
from ceportal.devstack.mark import code_state, read_mark
from ceportal.devstack.postgres import Cluster
from ceportal.devstack.processes import LOOPBACK, CannotStart, Service, free_port, start_service
from ceportal.devstack.valkey import ValkeyServer

PROJECT = Path(__file__).resolve().parents[2]
READY_SECONDS = 90
WEBHOOK_PATH = "/payments/webhook/"


class Stopped(BaseException):
    """Somebody wants it to end; like KeyboardInterrupt, nobody on the way catches it by mistake."""


@dataclass
class Stack:
    """One portal with everything it needs; `stop()` ends whatever had been started, however far it came."""

    var: Path
    port: int
    durable: bool = True
    demo_data: bool = True
    say: Callable[[str], object] = print
    given: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    environment: dict[str, str] = field(default_factory=dict, init=False)
    _stopping: bool = field(default=False, init=False)
    _servers: list[Service] = field(default_factory=list, init=False)
    _portal: list[Service] = field(default_factory=list, init=False)
    _adding: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def logins(self) -> tuple[DemoLogin, ...]:
        """Whom one can sign in as."""
        return DEMO_LOGINS if self.demo_data else ()

    @property
    def address(self) -> str:
        return self.environment.get("BASE_URL") or f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Bring everything up, in the order in which it is needed."""
        self.start_servers(cards=True)
        self.prepare()
        self.start_portal()

    def start_servers(self, *, cards: bool) -> None:
        """PostgreSQL, Valkey and the card sandbox at the same time, and the stylesheet meanwhile.

        An address given in the environment is used as it is, and no server started for it.
        """
        secrets = local_secrets(self.var)
        self.environment = self._own_environment(secrets)
        tasks: list[Callable[[], object]] = []
        if not self.given.get("DATABASE_URL"):
            tasks.append(self._start_postgres)
        if not self.given.get("REDIS_URL"):
            tasks.append(self._start_valkey)
        if cards and not self.given.get("STRIPE_SECRET_KEY"):
            tasks.append(self._start_cards)
        if cards:
            tasks.append(lambda: stylesheet.build(log=self._log("stylesheet")))
        with ThreadPoolExecutor(max_workers=len(tasks) or 1) as pool:
            started = [pool.submit(task) for task in tasks]
        for future in started:
            future.result()

    def prepare(self) -> None:
        """Migrate and load what is missing, unless this very code has done so before."""
        mark = read_mark(self.environment["DATABASE_URL"])
        if mark.prepared_by == code_state() and (mark.demo_loaded or not self.demo_data):
            return
        arguments = ["--demo-data"] if self.demo_data else []
        service = self._start_python(
            self._portal, "The preparation", "ceportal.devstack.prepare", *arguments,
            log="prepare", stdout=subprocess.PIPE,
        )  # fmt: skip
        with cast(IO[bytes], service.process.stdout) as lines:
            for line in lines:
                self.say(line.decode().rstrip())
        status = service.process.wait()
        self._leave_if_stopping()
        self._portal.remove(service)
        if status != 0:
            raise CannotStart(why_it_ended(service))

    def start_portal(self) -> None:
        """The web server, the worker and the beat, and wait until the portal says it is ready."""
        celery = ("celery", "--app", "ceportal.celery")
        self._start_python(
            self._portal, "The web server", "gunicorn", "ceportal.wsgi:application",
            "--bind", f"{LOOPBACK}:{self.port}", "--workers", "2", "--worker-class", "gthread", "--threads", "4",
            "--preload", "--graceful-timeout", "5", "--no-control-socket", log="web",
        )  # fmt: skip
        self._start_python(
            # Alone on its broker it has nobody to mingle or gossip with, and starts a second sooner.
            self._portal, "The worker", *celery, "worker", "--concurrency", "2", "--loglevel", "INFO",
            "--without-mingle", "--without-gossip", log="worker",
        )  # fmt: skip
        self._start_python(
            self._portal, "The beat", *celery, "beat", "--schedule", str(self.var / "run" / "beat"),
            "--pidfile", "", log="beat",
        )  # fmt: skip
        self._wait_until_ready()

    def watch(self) -> NoReturn:
        """Raise Stopped after an interrupt, CannotStart when a process ends by itself; else go on."""
        while True:
            self._leave_if_stopping()
            self._check_running()
            time.sleep(0.1)

    def interrupt(self) -> None:
        """Called by a signal handler, so it raises nothing: a process just being started would be lost.

        Whoever is at work meets `Stopped` at the next step; a preparation that takes long is asked to end.
        """
        self._stopping = True
        for service in self._portal:
            service.ask_to_stop()

    def stop(self) -> None:
        """Stop what runs: the portal first, then the servers it stands on; the last started first."""
        for tier in (self._portal, self._servers):
            for service in reversed(tier):
                service.ask_to_stop()
            for service in reversed(tier):
                service.stop()
            tier.clear()
        remember_processes(self.var, [])

    def _leave_if_stopping(self) -> None:
        if self._stopping:
            raise Stopped

    def _check_running(self) -> None:
        for service in [*self._servers, *self._portal]:
            if not service.running:
                raise CannotStart(why_it_ended(service))

    def _wait_until_ready(self) -> None:
        """Ask the portal itself: it knows whether database, broker, migrations and relay are well."""
        deadline = time.monotonic() + READY_SECONDS
        answer = "no answer"
        while time.monotonic() < deadline:
            self._leave_if_stopping()
            self._check_running()
            status, answer = get(self.port, "/readyz")
            if status == http.HTTPStatus.OK:
                return
            time.sleep(0.05)
        raise CannotStart(f"The portal was not ready within {READY_SECONDS} seconds; /readyz says: {answer}")

    def _own_environment(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """What settings.py reads, as far as it does not depend on a server; what was given wins."""
        base_url = self.given.get("BASE_URL") or f"http://{LOOPBACK}:{self.port}"
        defaults = {
            "BASE_URL": base_url,
            "ALLOWED_HOSTS": f"{LOOPBACK},localhost,{base_url.split('//')[-1].split(':')[0].split('/')[0]}",
            "MEDIA_ROOT": str(self.var / "media"),
            "MAIL_DIR": str(self.var / "mail"),
            **secrets,
        }
        if self.given.get("STRIPE_SECRET_KEY"):
            del defaults["STRIPE_WEBHOOK_SECRET"]  # a real account has its own
        return {
            **self.given,
            **{name: value for name, value in defaults.items() if not self.given.get(name)},
            "DEBUG": "1",
            "DEMO": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "",  # four processes would compile everything anew at every start
        }

    def _log(self, name: str) -> Path:
        return self.var / "log" / f"{name}.log"

    def _add(self, tier: list[Service], service: Service) -> Service:
        with self._adding:  # the servers start in threads
            tier.append(service)
            remember_processes(self.var, [*self._servers, *self._portal])
        self._leave_if_stopping()
        return service

    def _start_postgres(self) -> None:
        cluster = Cluster(self.var / "postgres", log=self._log("postgres"), durable=self.durable, say=self.say)
        check_space(cluster.home)
        self._add(self._servers, cluster.start())
        cluster.create_database()
        self.environment["DATABASE_URL"] = cluster.url()

    def _start_valkey(self) -> None:
        server = ValkeyServer(self.var / "valkey", log=self._log("valkey"), durable=self.durable)
        self._add(self._servers, server.start())
        self.environment["REDIS_URL"] = server.url()

    def _start_cards(self) -> None:
        port = free_port(self.port + 1)  # the same again where possible: payment pages stay where they were
        self.environment["STRIPE_API_BASE"] = f"http://{LOOPBACK}:{port}"
        self._start_python(
            self._servers, "The card sandbox", "ceportal.devstack.cards", "--port", str(port),
            "--data", str(self.var / "cards"), "--webhook", f"http://{LOOPBACK}:{self.port}{WEBHOOK_PATH}",
            "--webhook-secret", self.environment["STRIPE_WEBHOOK_SECRET"], log="cards",
        )  # fmt: skip

    def _start_python(
        self,
        tier: list[Service],
        name: str,
        module: str,
        *arguments: str,
        log: str,
        stdout: int | None = None,
    ) -> Service:
        command = [sys.executable, "-m", module, *arguments]
        service = start_service(name, command, log=self._log(log), env=self.environment, cwd=PROJECT, stdout=stdout)
        return self._add(tier, service)


def why_it_ended(service: Service) -> str:
    """The sentence for a process that ended by itself, with the end of its log."""
    end = service.tail()
    if os.strerror(errno.ENOSPC) in end:
        return f"The disk is full, so this ended: {service.name}. Make room and start again."
    return f"{service.name} ended by itself. {service.log} says why; it ends with:\n{end}"


def get(port: int, path: str) -> tuple[int, str]:
    """Status and body of a page of the portal; status 0 while nobody listens."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as problem:
        return 0, str(problem)
    finally:
        connection.close()
