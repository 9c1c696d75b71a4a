"""What happens is delivered to the addresses of programs: signed, tried for three days, and never to a private one."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from candidates.models import StaffAccess
from ceportal.kernel import clock, relay
from ceportal.kernel.models import Delivery as Relayed
from ceportal.kernel.models import Event
from ceportal.partner_api import feed, scopes, services, sweeps
from ceportal.partner_api.models import (
    Application,
    FeedEntry,
    KeptAnswer,
    Webhook,
    WebhookDelivery,
    WebhookSecret,
)
from ceportal.partner_api.webhooks import delivering
from ceportal.partner_api.webhooks.addresses import NotAllowed, resolve, target_of
from ceportal.partner_api.webhooks.services import MOST, OVERLAP, subscribe
from tests import factories
from tests.factories import noon
from tests.partner_api.world import program, registered

NOW = noon("2026-05-04")
TOPIC = "exams.attempt_recorded"
pytestmark = pytest.mark.django_db


@dataclass
class House:
    """A receiver: what it was sent, and what it answers, 200 where nothing else is said."""

    url: str = ""
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    def verify(self, secret: str, message: int = -1) -> Any:
        headers, body = self.received[message]
        return Receiver(secret).verify(body, headers)


@pytest.fixture
def house() -> Iterator[House]:
    house = House()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            house.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status, headers = house.answers.pop(0) if house.answers else (200, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_args: Any) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        house.url = f"http://127.0.0.1:{server.server_port}/ce?from=portal"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield house
        server.shutdown()
        thread.join()


@pytest.fixture
def issued() -> Iterator[services.Issued]:
    with clock.standing_at(NOW):
        yield registered(scopes.TEST_PARTNER, "tests-inc")


@pytest.fixture
def caller(issued: services.Issued) -> Client:
    return program(issued)


def call(client: Client, address: str, body: Any = None, *, method: str = "post", **headers: str) -> Any:
    return client.generic(
        method.upper(),
        f"/api/v1/webhooks{address}",
        json.dumps({} if body is None else body),
        content_type="application/json",
        headers={"Idempotency-Key": uuid4().hex, **headers},
    )


@pytest.fixture
def webhook(caller: Client, house: House) -> Any:
    """A webhook of the program, as it was answered, its secret with it."""
    answer = call(caller, "", {"url": house.url})
    assert answer.status_code == 201
    return answer.json()


def happen(subject: str = "A-1", *, tenant: str = "tests-inc", topic: str = TOPIC, **more: Any) -> FeedEntry:
    """Something that the program is shown."""
    entry = FeedEntry.objects.create(
        kind=scopes.TEST_PARTNER, tenant=tenant, scope="results:read", topic=topic, subject=subject,
        occurred_at=NOW, **more,
    )  # fmt: skip
    feed.give_positions()
    return entry


def deliver(at: datetime = NOW) -> list[WebhookDelivery]:
    """What the workers do at a moment: follow the feed, and try everything that is due."""
    delivering.follow_feed(now=at)
    due = WebhookDelivery.objects.filter(status="waiting", due_at__lte=at).order_by("pk")
    tried = [delivering.deliver(delivery_id=each.pk, clock=lambda: at) for each in due]
    return [each for each in tried if each is not None]


def test_what_happens_is_delivered_signed_and_once(caller: Client, house: House, webhook: Any) -> None:
    happen(tenant="others")
    happen(topic="exams.attempt_corrected", subject="A-2")
    entry = happen(data={"result": "pass"})
    assert [each.status for each in deliver()] == ["delivered", "delivered"]
    told = house.verify(webhook["secret"])
    assert told == caller.get("/api/v1/events").json()["events"][-1]
    assert (told["id"], told["subject"], told["data"]) == (entry.pk, "A-1", {"result": "pass"})
    headers, _body = house.received[-1]
    assert headers["webhook-id"] == f"event-{entry.pk}"
    with pytest.raises(WebhookVerificationError):
        house.verify("whsec_" + "A" * 43 + "=")
    assert deliver() == []
    assert len(house.received) == 2

    (last, _first) = caller.get(f"/api/v1/webhooks/{webhook['id']}/deliveries").json()["results"]
    assert (last["event"], last["status"], last["next_attempt_at"]) == (entry.pk, "delivered", None)
    assert [(each["status_code"], each["answer"]) for each in last["attempts"]] == [(200, "ok")]


def test_only_the_topics_asked_for(caller: Client, house: House) -> None:
    call(caller, "", {"url": house.url, "topics": ["exams.attempt_corrected"]})
    happen()
    happen("A-2", topic="exams.attempt_corrected")
    assert len(deliver()) == 1
    assert [json.loads(body)["subject"] for _headers, body in house.received] == ["A-2"]
    unknown = call(caller, "", {"url": house.url, "topics": ["exams.no_such_thing"]})
    assert (unknown.status_code, list(unknown.json()["errors"])) == (400, ["topics"])


def test_what_came_before_is_not_delivered_and_many_cost_as_many_queries_as_one(
    caller: Client, house: House, django_assert_max_num_queries: Any
) -> None:
    happen("before")
    call(caller, "", {"url": house.url})
    for number in range(40):
        happen(f"A-{number}")
    with django_assert_max_num_queries(14):
        assert delivering.follow_feed(now=NOW) == 40
    with django_assert_max_num_queries(9):
        assert len(caller.get(f"/api/v1/webhooks/{Webhook.objects.get().pk}/deliveries").json()["results"]) == 40


# ── Secrets ───────────────────────────────────────────────────────────────────────────────────────
def test_the_secret_is_told_once_and_nowhere_in_the_database(caller: Client, house: House) -> None:
    key = {"Idempotency-Key": "one"}
    first, again = (call(caller, "", {"url": house.url}, **key) for _turn in range(2))
    assert (first.json(), again["Idempotency-Replayed"]) == (again.json(), "true")
    secret = first.json()["secret"]
    kept = [*KeptAnswer.objects.values_list("body", flat=True), *WebhookSecret.objects.values_list("sealed", flat=True)]
    assert len(kept) == 2
    assert not any(secret in each for each in kept)
    assert "secret" not in caller.get(first["Location"]).json()


def test_both_secrets_sign_until_the_overlap_is_over(caller: Client, house: House, webhook: Any) -> None:
    new = call(caller, f"/{webhook['id']}/secret").json()["secret"]
    assert new != webhook["secret"]
    happen()
    deliver()
    assert house.verify(webhook["secret"]) == house.verify(new)
    happen("A-2")
    deliver(NOW + OVERLAP)
    assert house.verify(new)["subject"] == "A-2"
    with pytest.raises(WebhookVerificationError):
        house.verify(webhook["secret"])


# ── What does not arrive ──────────────────────────────────────────────────────────────────────────
def test_the_waits_grow_and_come_to_three_days() -> None:
    waits = [delivering.retry_after(left, chance=0) for left in range(delivering.ATTEMPTS - 1, 0, -1)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=5), timedelta(hours=20))
    assert timedelta(days=2, hours=23) < sum(waits, timedelta()) < timedelta(days=3)
    assert delivering.retry_after(1, chance=1) == timedelta(hours=18)


def test_it_is_tried_for_three_days_then_disabled_told_and_goes_on_where_it_stopped(
    caller: Client, house: House, webhook: Any, issued: services.Issued
) -> None:
    entry = happen()
    house.answers = [(503, {})] * delivering.ATTEMPTS
    at = NOW
    deliver(at)
    while (waiting := WebhookDelivery.objects.get()).status == "waiting":
        assert Webhook.objects.get().status == "active"
        assert deliver(waiting.due_at - timedelta(seconds=1)) == []
        at = waiting.due_at
        deliver(at)
    assert len({headers["webhook-id"] for headers, _body in house.received}) == 1
    assert len(house.received) == delivering.ATTEMPTS
    assert timedelta(days=2, hours=12) < at - NOW < timedelta(days=3)
    assert WebhookDelivery.objects.get().status == "failed"
    assert Webhook.objects.get().status == "disabled"
    disabled = FeedEntry.objects.get(topic="partner_api.webhook_disabled")
    assert disabled.application_id == issued.credential.application_id
    assert disabled.data == {"webhook": webhook["id"], "status": "disabled"}

    relay.deliver(delivery_id=Relayed.objects.get(receiver="mail on webhooks").pk, now=at)
    (message,) = mail.outbox
    assert message.to == [issued.credential.application.responsible.email]
    assert house.url in message.body
    assert "For three days" in message.body

    happen("A-2")
    assert deliver(at) == []
    tag = caller.get(f"/api/v1/webhooks/{webhook['id']}")["ETag"]
    changed = call(caller, f"/{webhook['id']}", {"status": "active"}, method="patch", **{"If-Match": tag})
    assert (changed.status_code, changed.json()["status"]) == (200, "active")
    assert [each.status for each in deliver(at)] == ["delivered"] * 2, "that it was disabled is told, too"
    failed = call(caller, f"/{webhook['id']}/redelivery", {"since": NOW.isoformat()})
    assert (failed.status_code, failed.json()) == (202, {"deliveries": 1})
    with clock.standing_at(at):
        again = call(caller, f"/{webhook['id']}/redelivery", {"since": at.isoformat()})
    assert again.json() == {"deliveries": 0}
    deliver(at)
    assert house.received[-1][0]["webhook-id"] == f"event-{entry.pk}"
    assert not WebhookDelivery.objects.exclude(status="delivered").exists()


def test_what_arrives_in_between_keeps_it_alive_and_gone_ends_it_at_once(house: House, webhook: Any) -> None:
    happen()
    house.answers = [(500, {})]
    deliver()
    assert Webhook.objects.get().failing_since == NOW
    happen("A-2")
    deliver()
    assert Webhook.objects.get().failing_since is None
    happen("A-3")
    house.answers = [(410, {})]
    deliver()
    assert Webhook.objects.get(pk=webhook["id"]).status == "disabled"
    assert Event.objects.get(topic="partner_api.webhook_disabled").payload["gone"] is True


def test_a_redirect_is_not_followed_and_no_answer_is_a_failure_in_words(house: House, webhook: Any) -> None:
    happen()
    house.answers = [(302, {"Location": house.url})]
    (first,) = deliver()
    assert (first.status, len(house.received)) == ("waiting", 1)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        Webhook.objects.update(url=f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        deliver(first.due_at)
    assert [(each.status_code, each.error) for each in first.attempts.all()] == [
        (302, ""),
        (None, "NewConnectionError"),
    ]


def test_a_worker_that_dies_after_sending_leaves_it_to_be_sent_again(house: House, webhook: Any) -> None:
    happen()
    delivering.follow_feed(now=NOW)
    delivery = WebhookDelivery.objects.get()
    moments = iter([NOW])  # the second time it looks at the clock, to write down the answer, it dies
    with pytest.raises(StopIteration):
        delivering.deliver(delivery_id=delivery.pk, clock=lambda: next(moments))
    assert deliver(NOW + timedelta(minutes=1)) == []
    assert delivering.wake_due(now=NOW + delivering.CLAIMED_FOR) == 1
    assert [each.status for each in deliver(NOW + delivering.CLAIMED_FOR)] == ["delivered"]
    ids = [headers["webhook-id"] for headers, _body in house.received]
    assert ids == [delivery.message_id] * 2


# ── What may not be shown any more ────────────────────────────────────────────────────────────────
def lose_scope(application: Application) -> None:
    services.allow(application_id=application.pk, allowed=["webhooks:read", "webhooks:write"], now=NOW)


def be_switched_off(application: Application) -> None:
    services.set_active(application_id=application.pk, active=False, now=NOW)


def leave(application: Application) -> None:
    application.responsible.is_active = False
    application.responsible.save()


@pytest.mark.parametrize(
    ("change", "status"), [(lose_scope, "withheld"), (leave, "withheld"), (be_switched_off, "waiting")]
)
def test_nothing_is_sent_that_the_program_is_not_shown(
    change: Callable[[Application], None], status: str, house: House, webhook: Any, issued: services.Issued
) -> None:
    happen()
    delivering.follow_feed(now=NOW)
    change(Application.objects.get(pk=issued.credential.application_id))
    happen("A-2")
    assert deliver() == []
    assert house.received == []
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {status}


def test_who_is_forgotten_is_forgotten_here_too_and_old_messages_go(house: House, webhook: Any) -> None:
    happen(candidate_id=4711)
    happen("A-2")
    deliver()
    feed.forget_candidate(4711)
    assert WebhookDelivery.objects.get().entry is not None
    sweeps.forget(now=NOW + sweeps.DELIVERIES_KEPT)
    assert WebhookDelivery.objects.exists()
    sweeps.forget(now=NOW + sweeps.DELIVERIES_KEPT + timedelta(seconds=1))
    assert not WebhookDelivery.objects.exists()


def test_people_see_that_a_partner_was_told_of_them(house: House, issued: services.Issued) -> None:
    candidate = factories.CandidateFactory.create()
    reseller = registered(scopes.VERIFIER, "reseller").credential.application
    subscribe(application_id=reseller.pk, url=house.url, topics=[], description="", now=NOW)
    FeedEntry.objects.create(
        kind=scopes.VERIFIER, tenant="reseller", scope="affiliations:read", topic="candidates.affiliation_requested",
        subject="1", candidate_id=candidate.pk, occurred_at=NOW,
    )  # fmt: skip
    feed.give_positions()
    house.answers = [(500, {})]
    (delivery,) = deliver()
    deliver(delivery.due_at)
    assert len(house.received) == 2
    access = StaffAccess.objects.get()
    assert (access.candidate_ids, access.page) == ([candidate.pk], f"/api/v1/webhooks/{delivery.webhook_id}")


# ── Kept by the program ───────────────────────────────────────────────────────────────────────────
def test_changed_and_ended_by_whoever_has_seen_it(caller: Client, house: House, webhook: Any) -> None:
    address = f"/{webhook['id']}"
    assert call(caller, address, {"description": "x"}, method="patch").status_code == 428
    assert call(caller, address, {"description": "x"}, method="patch", **{"If-Match": '"old"'}).status_code == 412
    tag = caller.get(f"/api/v1/webhooks{address}")["ETag"]
    wrong = call(caller, address, {"url": "ftp://example.org/"}, method="patch", **{"If-Match": tag})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["url"])
    changed = call(caller, address, {"description": "x", "topics": [TOPIC]}, method="patch", **{"If-Match": tag})
    assert (changed.status_code, changed.json()["topics"]) == (200, [TOPIC])
    happen()
    delivering.follow_feed(now=NOW)
    assert call(caller, address, method="delete", **{"If-Match": tag}).status_code == 412
    assert call(caller, address, method="delete", **{"If-Match": changed["ETag"]}).status_code == 204
    assert deliver() == []
    assert WebhookDelivery.objects.get().status == "withheld"
    assert caller.get(f"/api/v1/webhooks{address}").status_code == 404
    assert call(caller, f"{address}/test").status_code == 404
    assert caller.get("/api/v1/webhooks").json()["results"] == []


def test_a_test_is_sent_once_and_one_message_again(caller: Client, house: House, webhook: Any) -> None:
    sent = call(caller, f"/{webhook['id']}/test")
    assert (sent.status_code, sent.json()["event"]) == (202, None)
    house.answers = [(500, {})]
    assert [each.status for each in deliver()] == ["failed"]
    assert house.verify(webhook["secret"])["type"] == "webhook.test"
    assert Webhook.objects.get().status == "active"
    again = call(caller, f"/{webhook['id']}/deliveries/{sent.json()['id']}/redelivery")
    assert (again.status_code, again.json()["status"]) == (202, "waiting")
    assert [each.status for each in deliver()] == ["delivered"]
    assert len(again.json()["attempts"]) == 1
    assert call(caller, f"/{webhook['id']}/deliveries/0/redelivery").status_code == 404


def test_a_dry_run_keeps_nothing_and_there_are_twenty_at_most(caller: Client, house: House) -> None:
    tried = call(caller, "?dry_run=true", {"url": house.url})
    assert (tried.status_code, tried["Dry-Run"], Webhook.objects.count()) == (201, "true", 0)
    for number in range(MOST):
        assert call(caller, "", {"url": f"{house.url}{number}"}).status_code == 201
    refused = call(caller, "", {"url": house.url})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["url"])


def test_another_program_of_the_same_partner_finds_nothing(webhook: Any) -> None:
    other = program(registered(scopes.TEST_PARTNER, "tests-inc"))
    assert other.get("/api/v1/webhooks").json()["results"] == []
    for method, rest in (("get", ""), ("get", "/deliveries"), ("post", "/secret"), ("post", "/test"), ("delete", "")):
        answer = call(other, f"/{webhook['id']}{rest}", method=method, **{"If-Match": "*"})
        assert answer.status_code == 404, (method, rest)


# ── Addresses ─────────────────────────────────────────────────────────────────────────────────────
PRIVATE = [
    "10.0.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[ff02::1]",
    "[::ffff:10.0.0.1]", "[::ffff:127.0.0.1]", "[64:ff9b::a00:1]", "[64:ff9b:1::1]", "[2002:a00:1::1]", "[2001::1]",
    "[2001:db8::1]",
]  # fmt: skip
MALFORMED = [
    "", "example.org", "//example.org/", "http://example.org/", "ftp://example.org/", "https://", "https:///x",
    "https://example.org:8443/", "https://example.org:99999/", "https://u:p@example.org/", "https://u@example.org/",
    "https://example.org/#x", "https://exämple.org/", "https://example.org/ x", "https://example.org/\n", "https://[::1",
    "https://example.org/" + "x" * 500,
]  # fmt: skip


@pytest.mark.parametrize("url", [*MALFORMED, *(f"https://{host}/" for host in PRIVATE)])
def test_what_is_no_public_address_is_refused_when_it_is_written(url: str, settings: Any) -> None:
    settings.WEBHOOKS_LOCAL = False
    with pytest.raises(NotAllowed):
        target_of(url)


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1", "no-such-host.invalid"])
def test_a_name_is_judged_by_where_it_leads(host: str, settings: Any) -> None:
    settings.WEBHOOKS_LOCAL = False
    with pytest.raises(NotAllowed):
        resolve(target_of(f"https://{host}/"))


def test_a_public_one_is_taken_as_it_is_written(settings: Any) -> None:
    settings.WEBHOOKS_LOCAL = False
    target = target_of("https://93.184.216.34/a/b?c=d&e")
    assert (target.host_header, target.path, resolve(target)) == ("93.184.216.34", "/a/b?c=d&e", "93.184.216.34")


class Names:
    """What names lead to, in place of the resolver of this machine: one answer after another, the last for good."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0
        self.real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.look_up)

    def look_up(self, host: str, port: int, *args: Any, **options: Any) -> Any:
        if host != "hooks.example.org":
            return self.real(host, port, *args, **options)
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.WEBHOOKS_LOCAL = False
    Names(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(NotAllowed):
        resolve(target_of("https://hooks.example.org/"))


def test_what_a_name_leads_to_later_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, house: House, webhook: Any
) -> None:
    names = Names(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    port = house.url.split(":")[2].split("/")[0]
    Webhook.objects.update(url=f"http://hooks.example.org:{port}/ce")
    happen()
    (delivery,) = deliver()
    assert (delivery.status, names.asked) == ("delivered", 1)
    assert house.received[0][0]["host"] == f"hooks.example.org:{port}"
    happen("A-2")
    (second,) = deliver()
    assert [each.error for each in second.attempts.all()] == ["The host is not in the public internet."]
    assert len(house.received) == 1
