"""The portal behind a real socket, with the test's database, at a moment that stands still."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.servers.basehttp import WSGIRequestHandler, WSGIServer
from django.core.wsgi import get_wsgi_application
from django.db import connections

from ceportal.kernel import clock
from ceportal.partner_api import jobs
from ceportal.partner_api.models import Job


class Quiet(WSGIRequestHandler):
    """Does not write a line for each request."""

    def log_message(self, *_line: Any) -> None:
        pass


@contextmanager
def serving(*, at: datetime) -> Iterator[str]:
    """The address of the portal. One request at a time, in one thread, so that a run goes the same way each time.

    There is no worker beside it: what a request leaves to do for one is done before its answer goes out.
    """
    portal = get_wsgi_application()

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with clock.standing_at(at):
            response = portal(environ, start_response)
            if response.status_code == 202:
                for job_id in Job.objects.filter(finished_at=None).values_list("pk", flat=True):
                    jobs.run_job(job_id=job_id, clock=clock.now)
            return response

    server = WSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(answer)

    def serve() -> None:
        server.serve_forever(poll_interval=0.01)
        connections.close_all()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
