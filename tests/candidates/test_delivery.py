"""Whether messages arrive (CE-13): what the mail service reports, and addresses that mail came back from."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import permutations
from typing import Any, ClassVar

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from candidates import queries, services
from candidates.mail import send_notice
from candidates.models import Candidate, Notice
from ceportal.kernel import relay
from ceportal.kernel.models import Delivery, Event
from tests.story import noon

NOW = noon("2026-05-04")
URL = "/mail/reports/"
SECRET = "postman:a-long-secret"
AUTHORISED = {"authorization": f"Basic {b64encode(SECRET.encode()).decode()}"}
TROUBLE = {"bounced": "HardBounce", "complained": "SpamComplaint", "soft": "Transient", "refused": "BadEmailAddress"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _service(settings: Any) -> None:
    settings.MAIL_SERVICE, settings.MAIL_WEBHOOK_SECRET = "postmark", SECRET


def sent(candidate: Candidate, key: str = "a", *, now: datetime = NOW) -> Notice:
    """A notice that was written and handed to the relay's receiver."""
    notice = services.write_notice(candidate=candidate, kind="test", key=key, subject="Hear", body="ye", now=now)
    assert notice is not None
    deliver(now)
    notice.refresh_from_db()
    return notice


def deliver(now: datetime) -> None:
    for delivery in Delivery.objects.filter(receiver="mail", status="pending").order_by("id"):
        assert relay.deliver(delivery_id=delivery.id, now=now)


def report(notice: Notice, what: str, *, minutes: int = 1, **changes: Any) -> dict[str, Any]:
    """What Postmark says of a message."""
    at = (NOW + timedelta(minutes=minutes)).isoformat()
    said = {"MessageID": "x-1", "Metadata": {"notice": str(notice.id)}, "Recipient": notice.address}
    if what == "delivered":
        return said | {"RecordType": "Delivery", "DeliveredAt": at} | changes
    kind = "SpamComplaint" if what == "complained" else "Bounce"
    words = {
        "ID": 7,
        "Type": TROUBLE[what],
        "Email": notice.address,
        "BouncedAt": at,
        "Description": "No such mailbox.",
    }
    return said | {"RecordType": kind} | words | changes


def tell(client: Client, body: Any, **headers: str) -> int:
    raw = body if isinstance(body, str) else json.dumps(body)
    return client.post(URL, raw, content_type="application/json", headers=AUTHORISED | headers).status_code


def state(notice: Notice) -> tuple[Any, ...]:
    notice.refresh_from_db()
    return (notice.status, notice.sent_at, notice.delivered_at, notice.bounced_at, notice.complained_at, notice.trouble)


def bounced(candidate: Candidate) -> Notice:
    notice = sent(candidate, "before")
    services.record_mail_report(notice_id=notice.id, report=services.Report.BOUNCED, happened_at=NOW, now=NOW)
    return notice


class TestReports:
    def test_a_message_arrives(self, client: Client, alice: Candidate) -> None:
        notice = sent(alice)
        assert tell(client, report(notice, "delivered")) == 200
        assert state(notice)[:3] == ("delivered", NOW, NOW + timedelta(minutes=1))

    def test_in_any_order_and_twice_the_end_is_the_same(self, client: Client, alice: Candidate) -> None:
        ends, events = set(), set()
        for number, order in enumerate(permutations(("delivered", "bounced", "complained"))):
            notice = sent(alice, f"order:{number}")
            for what in (*order, *order):
                assert (
                    tell(client, report(notice, what, minutes=("delivered", "bounced", "complained").index(what)))
                    == 200
                )
            ends.add(state(notice))
            topics = Event.objects.filter(subject_type="candidates.notice", subject_id=notice.id).order_by("topic")
            events.add(tuple(topics.values_list("topic", flat=True)))
            Notice.objects.update(address="elsewhere@example.org")  # the next one is not held back for it
        minute = timedelta(minutes=1)
        assert ends == {("complained", NOW, NOW, NOW + minute, NOW + 2 * minute, "No such mailbox.")}
        assert events == {
            ("candidates.notice_bounced", "candidates.notice_complained", "candidates.notice_written"),
        }

    @pytest.mark.parametrize(
        ("what", "status"), [("refused", "bounced"), ("soft", "sent"), ("complained", "complained")]
    )
    def test_what_counts_as_trouble(self, client: Client, alice: Candidate, what: str, status: str) -> None:
        notice = sent(alice)
        assert tell(client, report(notice, what)) == 200
        assert state(notice)[0] == status
        assert (queries.address_trouble(alice) is None) == (status == "sent")

    def test_only_the_service_is_heard(self, client: Client, alice: Candidate, settings: Any) -> None:
        notice = sent(alice)
        before = state(notice)
        wrong = f"Basic {b64encode(b'postman:guessed').decode()}"
        for headers in ({"authorization": ""}, {"authorization": wrong}):
            assert tell(client, report(notice, "bounced"), **headers) == 400
        for nonsense in ("not JSON", "[1]", '"x"', json.dumps({"RecordType": "Bounce", "BouncedAt": 5})):
            assert tell(client, nonsense) == 400
        assert client.get(URL, headers=AUTHORISED).status_code == 405
        settings.MAIL_SERVICE = ""
        assert tell(client, report(notice, "bounced")) == 404
        assert state(notice) == before
        assert not Event.objects.filter(topic="candidates.notice_bounced").exists()

    def test_what_the_portal_does_not_know_changes_nothing(self, client: Client, alice: Candidate) -> None:
        notice = sent(alice)
        before = state(notice)
        for stranger in (
            {"Metadata": {"notice": str(notice.id + 1)}},
            {"Metadata": {"notice": "9" * 40}},
            {"Metadata": {}, "MessageID": "somebody-elses"},
            {"Email": "else@example.org"},
            {"RecordType": "Open"},
            {"RecordType": "New"},
        ):
            assert tell(client, report(notice, "bounced") | stranger) == 200
        assert state(notice) == before

    @pytest.mark.parametrize("by", ["name with the service", "own name"])
    def test_a_message_is_known_by_its_names_too(self, client: Client, alice: Candidate, by: str) -> None:
        notice = sent(alice)
        Notice.objects.update(service_id="pm-5" if by == "name with the service" else "")
        name = "pm-5" if by == "name with the service" else f"notice-{notice.id}@testserver"
        assert tell(client, report(notice, "delivered", Metadata={}, MessageID=name)) == 200
        assert state(notice)[0] == "delivered"

    def test_a_service_that_signs_is_asked_for_its_signature(
        self, client: Client, alice: Candidate, settings: Any
    ) -> None:
        settings.MAIL_SERVICE = "mailgun"
        settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": "key"}
        unsigned = {"signature": {"token": "t", "timestamp": "1", "signature": "0" * 64}, "event-data": {}}
        assert tell(client, unsigned) == 400


class PostmarkStandIn(BaseHTTPRequestHandler):
    """Takes messages as the service does, and gives each its own name for it."""

    taken: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        self.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        named = {"ErrorCode": 0, "Message": "OK", "MessageID": "pm-77", "To": self.taken[-1]["To"]}
        answer = json.dumps(named | {"SubmittedAt": NOW.isoformat()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@pytest.fixture
def postmark(settings: Any) -> Iterator[list[dict[str, Any]]]:
    """What the service has taken."""
    server = HTTPServer(("127.0.0.1", 0), PostmarkStandIn)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    address = f"http://127.0.0.1:{server.server_port}/"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "POSTMARK_API_URL": address}
    PostmarkStandIn.taken.clear()
    yield PostmarkStandIn.taken
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_takes_the_message_and_its_name_is_kept(
    client: Client, alice: Candidate, postmark: list[dict[str, Any]]
) -> None:
    notice = sent(alice)
    (taken,) = postmark
    assert (taken["To"], taken["Subject"], taken["Metadata"]) == (alice.email, "Hear", {"notice": str(notice.id)})
    assert {"Name": "Message-ID", "Value": f"<notice-{notice.id}@testserver>"} in taken["Headers"]
    assert (notice.status, notice.service_id) == ("sent", "pm-77")
    assert tell(client, report(notice, "delivered", Metadata={}, MessageID="pm-77")) == 200
    assert state(notice)[0] == "delivered"


class TestWorkers:
    def test_killed_between_sending_and_recording(self, alice: Candidate, monkeypatch: Any) -> None:
        """Each delivery is made at least once: the message goes out again by the same name, and one row says so."""
        notice = services.write_notice(candidate=alice, kind="x", key="x", subject="S", body="B", now=NOW)
        assert notice is not None
        delivery = Delivery.objects.get(receiver="mail")

        class Killed(BaseException):
            """As a SIGKILL: nothing after it runs, and the transaction is gone."""

        def die(self: Notice, **_fields: Any) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(Notice, "save", die)
            with pytest.raises(Killed):
                relay.deliver(delivery_id=delivery.id, now=NOW)
        assert state(notice)[:2] == ("queued", None)
        assert Delivery.objects.get(id=delivery.id).status == "pending"

        for _each in range(2):
            relay.deliver(delivery_id=delivery.id, now=NOW)
        assert state(notice)[:2] == ("sent", NOW)
        names = [message.extra_headers["Message-ID"] for message in mail.outbox]
        assert names == [f"<notice-{notice.id}@testserver>"] * 2
        assert Notice.objects.count() == 1

    def test_what_the_service_has_reported_is_not_sent_again(self, client: Client, alice: Candidate) -> None:
        """The report proves that the message left, though the worker did not live to say so."""
        notice = services.write_notice(candidate=alice, kind="x", key="x", subject="S", body="B", now=NOW)
        assert notice is not None
        assert tell(client, report(notice, "delivered")) == 200
        deliver(NOW)
        assert state(notice)[:2] == ("delivered", NOW + timedelta(minutes=1))
        assert mail.outbox == []


class TestTroubledAddress:
    def test_no_further_mail_goes_there(self, alice: Candidate) -> None:
        bounced(alice)
        mail.outbox.clear()
        held = sent(alice, "after")
        assert (held.status, held.sent_at, mail.outbox) == ("held", None, [])
        assert list(queries.troubled_candidates()) == [alice]

    def test_confirmed_it_is_tried_again_with_what_waited(self, alice: Candidate) -> None:
        bounced(alice)
        held = sent(alice, "after")
        mail.outbox.clear()
        later = NOW + timedelta(hours=1)
        assert services.confirm_address(candidate_id=alice.id, now=later)
        assert not services.confirm_address(candidate_id=alice.id, now=later)  # nothing is wrong with it now
        deliver(later)
        assert state(held)[:2] == ("sent", later)
        assert [message.subject for message in mail.outbox] == ["Hear"]
        assert not queries.troubled_candidates().exists()
        assert Event.objects.filter(topic="candidates.address_confirmed").count() == 1

    def test_a_late_report_of_an_earlier_message_does_not_undo_the_confirmation(self, alice: Candidate) -> None:
        first, second = sent(alice, "1"), sent(alice, "2")
        services.record_bounce(notice_id=first.id, now=NOW)
        later = NOW + timedelta(hours=1)
        services.confirm_address(candidate_id=alice.id, now=later)
        services.record_bounce(notice_id=second.id, now=later)
        alice.refresh_from_db()
        assert queries.address_trouble(alice) is None
        third = sent(alice, "3", now=later)
        services.record_bounce(notice_id=third.id, now=later)
        assert queries.address_trouble(alice) == third

    def test_corrected_what_waited_goes_to_the_new_address(self, alice: Candidate) -> None:
        bounced(alice)
        held = sent(alice, "after")
        mail.outbox.clear()
        services.change_contact(
            candidate_id=alice.id, email="new@example.org", time_zone="UTC", billing_country="BE", now=NOW
        )
        deliver(NOW)
        assert state(held)[0] == "sent"
        assert [message.to for message in mail.outbox] == [["new@example.org"]]
        alice.refresh_from_db()
        assert sent(alice, "again").status == "sent"

    def test_another_time_zone_corrects_nothing(self, alice: Candidate) -> None:
        bounced(alice)
        services.change_contact(
            candidate_id=alice.id, email=alice.email, time_zone="Asia/Tokyo", billing_country="BE", now=NOW
        )
        alice.refresh_from_db()
        assert queries.address_trouble(alice) is not None

    def test_the_dashboard_says_what_to_do(self, client: Client, alice: Candidate) -> None:
        notice = bounced(alice)
        held = sent(alice, "after")
        client.force_login(alice.user)
        page = client.get(reverse("credits:dashboard")).text
        assert f"A message to {alice.email} came back" in page
        assert reverse("candidates:confirm_address") in page
        assert "was not sent" in client.get(reverse("candidates:notice", args=[held.id])).text
        assert client.post(reverse("candidates:confirm_address")).url == reverse("credits:dashboard")
        assert "came back" not in client.get(reverse("credits:dashboard")).text
        assert state(held)[0] == "queued"
        assert state(notice)[0] == "bounced"

    def test_nobody_confirms_for_others(self, client: Client, alice: Candidate, bob: Any) -> None:
        bounced(alice)
        for user in (None, bob.user):
            if user:
                client.force_login(user)
            client.post(reverse("candidates:confirm_address"))
            assert list(queries.troubled_candidates()) == [alice]
        assert client.get(reverse("candidates:confirm_address")).status_code == 405


def test_what_is_sent_is_what_was_written(alice: Candidate) -> None:
    """CE-13: plain text and HTML say the same, and the page in the portal says when it was opened."""
    services.write_notice(
        candidate=alice, kind="x", key="x", subject="A <b> & c", body="See https://portal.example.org/x\n", now=NOW
    )
    send_notice(Event.objects.get(topic="candidates.notice_written"), NOW)
    (message,) = mail.outbox
    (html,) = message.alternatives
    assert "See https://portal.example.org/x\n\n-- \nYou can read all official messages" in message.body
    assert "A &lt;b&gt; &amp; c" in html.content
    assert 'href="https://portal.example.org/x"' in html.content
    assert (message.metadata, message.extra_headers["Date"]) == (
        {"notice": str(Notice.objects.get().id)}, "Mon, 04 May 2026 12:00:00 +0000",
    )  # fmt: skip
