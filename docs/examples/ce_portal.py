"""A small client of the CE portal's API, to be copied and made one's own. Needs `requests` and `standardwebhooks`.

portal = Portal("https://portal.example.org", client_id, client_secret)
for claim in portal.pages("/api/v1/claims?status=submitted"):
    print(claim["number"])
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
from standardwebhooks.webhooks import Webhook

RENEW_SECONDS_BEFORE = 60
TRIES = 6
LONGEST_WAIT_SECONDS = 60.0
AGAIN = {409, 429, 500, 502, 503, 504}  # 409 only where it says that the first request is still being answered


class Problem(Exception):  # noqa: N818 - as RFC 9457 calls it
    """An answer that is no success, as the portal tells it (RFC 9457): `problem["decision"]` has the rules' reasons."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('title', '')}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem


class Portal:
    """The portal as one program calls it. `sleep` is there for tests."""

    def __init__(
        self, address: str, client_id: str, client_secret: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.address = address.rstrip("/")
        self.credentials = (client_id, client_secret)
        self.session = requests.Session()
        self.sleep = sleep
        self._token = ""
        self._good_until = 0.0

    def get(self, path: str, **query: Any) -> Any:
        """Read something: `portal.get("/api/v1/claims/C-1")`. A whole address, as `next` gives it, is fine too."""
        return self.call("GET", path, params=query or None).json()

    def post(self, path: str, body: Any, *, key: str = "", if_match: str = "") -> requests.Response:
        """Do something once, however often it must be sent.

        Keep the `key` with what you want done, if it is to be done once after a restart of your program too.
        """
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        if if_match:
            headers["If-Match"] = if_match
        return self.call("POST", path, json=body, headers=headers)

    def pages(self, path: str) -> Iterator[Any]:
        """Everything on a list, page after page."""
        following: str | None = path
        while following:
            page = self.get(following)
            yield from page["results"]
            following = page["next"]

    def job(self, path: str, rows: list[Any], *, key: str = "", every_seconds: float = 2.0) -> Iterator[Any]:
        """Hand in rows (at most 10,000), wait until they are done, and give what became of each."""
        address = self.post(path, {"rows": rows}, key=key).headers["Location"]
        while (job := self.get(address))["status"] not in {"done", "failed"}:
            self.sleep(every_seconds)
        yield from self.pages(f"{address}/outcomes")
        if job["status"] == "failed":
            raise RuntimeError(f"The job stopped after {job['rows_done']} rows: {job['last_error']}")

    def events(self, after: int | None = None) -> Iterator[tuple[int, Any]]:
        """What happened since a position, each with the position to keep: begin there next time.

        Keep it together with what you made of the event, and nothing is missed and nothing counts twice.
        """
        more = True
        while more:
            read = self.get("/api/v1/events", **({} if after is None else {"after": after}))
            for event in read["events"]:
                yield event["position"], event
            after, more = read["after"], read["more"]

    def call(self, method: str, path: str, headers: Mapping[str, str] | None = None, **what: Any) -> requests.Response:
        """Call the portal, again where that helps, and with a new token where the old one is not good any more."""
        url = path if path.startswith("http") else self.address + path
        renewed = False
        for tried in range(1, TRIES + 1):
            try:
                sent = {**(headers or {}), "Authorization": f"Bearer {self.token()}"}
                answer = self.session.request(method, url, headers=sent, timeout=30, **what)
            except (requests.ConnectionError, requests.Timeout):
                if tried == TRIES:
                    raise
                self.sleep(_wait(tried, None))
                continue
            if answer.status_code < 400:
                return answer
            if answer.status_code == 401 and not renewed:
                self._good_until, renewed = 0.0, True
            elif tried < TRIES and _worth_another_try(answer):
                self.sleep(_wait(tried, answer.headers.get("Retry-After")))
            else:
                raise Problem(answer.status_code, _problem(answer))
        raise AssertionError("the last try answers or raises")

    def token(self) -> str:
        """The token, renewed a minute before its hour is over."""
        if time.monotonic() >= self._good_until:
            answer = self.session.post(
                f"{self.address}/oauth/token",
                data={"grant_type": "client_credentials"},
                auth=self.credentials,
                timeout=30,
            )
            if answer.status_code >= 400:
                raise Problem(answer.status_code, _problem(answer))
            said = answer.json()
            self._token = said["access_token"]
            self._good_until = time.monotonic() + said["expires_in"] - RENEW_SECONDS_BEFORE
        return self._token


def read_webhook(body: bytes, headers: Mapping[str, str], *, secret: str) -> Any:
    """What a webhook tells. WebhookVerificationError where the portal did not send it, or more than five minutes ago.

    `body` as it came, byte for byte: read again and written anew it has another signature.
    """
    return Webhook(secret).verify(body, dict(headers))


def _worth_another_try(answer: requests.Response) -> bool:
    # A refusal of the rules carries its decision, and is the same however often it is asked for.
    return answer.status_code in AGAIN and "decision" not in _problem(answer)


def _problem(answer: requests.Response) -> Mapping[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {"title": answer.reason, "detail": answer.text[:200]}


def _wait(tried: int, asked: str | None) -> float:
    """Seconds: as the portal asks, else twice as long each time, more or less, so that not all come back at once."""
    if asked is not None and asked.isdigit():
        return float(asked)
    return min(LONGEST_WAIT_SECONDS, 2.0**tried) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
