"""People, their logins, certifications and messages: what happens, what is refused, what is done twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, transaction

from candidates import services, sweeps
from candidates.mail import send_notice
from candidates.models import Acceptance, Agreement, Candidate, Certification, Notice, StatusChange, Term
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from tests import factories
from tests.factories import day, noon
from tests.reference_data import load_reference
from tests.story import Story

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def candidate() -> Candidate:
    return factories.CandidateFactory.create(number="CE100", born=day("1980-05-04"))


@pytest.fixture
def story(candidate: Candidate) -> Story:
    load_reference()
    return Story(candidate)


class TestLinking:
    def test_number_and_birth_date_link_a_login(self, candidate: Candidate) -> None:
        user = factories.UserFactory.create()
        for _each in range(2):
            services.link_candidate(user_id=user.id, number=" ce100 ", born=day("1980-05-04"), now=NOW)

        candidate.refresh_from_db()
        assert candidate.user == user
        assert Event.objects.filter(topic="candidates.candidate_linked").count() == 1

    @pytest.mark.parametrize(("number", "born"), [("CE100", "1980-05-05"), ("CE101", "1980-05-04")])
    def test_anything_else_links_nothing(self, candidate: Candidate, number: str, born: str) -> None:
        user = factories.UserFactory.create()
        with pytest.raises(Refused):
            services.link_candidate(user_id=user.id, number=number, born=day(born), now=NOW)

        candidate.refresh_from_db()
        assert candidate.user is None
        assert not Event.objects.exists()

    def test_a_record_that_has_a_login_is_not_taken(self, candidate: Candidate) -> None:
        first, second = factories.UserFactory.create(), factories.UserFactory.create()
        services.link_candidate(user_id=first.id, number="CE100", born=day("1980-05-04"), now=NOW)
        with pytest.raises(Refused):
            services.link_candidate(user_id=second.id, number="CE100", born=day("1980-05-04"), now=NOW)

        candidate.refresh_from_db()
        assert candidate.user == first


class TestCertifications:
    def test_an_import_keeps_its_dates_and_its_reason(self, story: Story) -> None:
        first = story.to("2021-01-10").certify("ccnp-enterprise", "2012-03-01", "2020-06-01")
        again = story.certify("ccnp-enterprise", "2012-03-01", "2020-06-01")

        assert first == again
        assert (first.status, str(first.active_ends_on)) == ("active", "2023-06-01")
        change = StatusChange.objects.get()
        assert (change.before, change.after, change.clause) == ("", "active", "CERT-01")
        assert Term.objects.get().reason == "imported"

    def test_a_lapsed_certification_is_earned_anew(self, story: Story) -> None:
        """CERT-04: the number stays, a new term begins."""
        story.to("2021-01-10").certify("ccna", "2018-01-09")
        assert story.status("ccna") == "inactive"
        story.sit("200-301")

        assert (story.status("ccna"), story.lapses_on("ccna")) == ("active", "2024-01-10")
        assert Certification.objects.count() == 1

    def test_every_change_is_kept(self, story: Story) -> None:
        story.to("2018-01-10").certify("ccie-security", "2016-05-01")
        story.to("2019-05-02")

        changes = list(StatusChange.objects.values_list("effective_on", "before", "after"))
        assert [(str(on), before, after) for on, before, after in changes] == [
            ("2018-01-10", "", "active"),
            ("2018-05-01", "active", "suspended"),
            ("2019-05-01", "suspended", "inactive"),
        ]


class TestReminders:
    def test_the_ladder_and_the_lapse(self, story: Story) -> None:
        """CERT-03: one message a person, kind and day; what had passed before the import is not sent later."""
        story.to("2022-06-02").certify("ccnp-enterprise", "2020-06-01")
        story.certify("ccnp-security", "2020-06-01")
        story.to("2023-06-03")

        reminders = story.candidate.notices.filter(kind="lapse_reminder").order_by("created_at")
        assert [str(notice.created_at.date()) for notice in reminders] == ["2023-03-03", "2023-04-02", "2023-05-02"]
        assert all("CCNP Enterprise" in notice.body and "CCNP Security" in notice.body for notice in reminders)
        assert story.notices("lapsed") == 1

    def test_running_the_sweep_again_writes_nothing_more(self, story: Story) -> None:
        story.to("2020-06-10").certify("ccnp-enterprise", "2020-06-01")
        story.to("2023-03-03")
        assert story.candidate.notices.filter(kind="lapse_reminder").count() == 3

        assert sweeps.send_lapse_notices(now=noon("2023-03-03")) == 0
        assert story.candidate.notices.filter(kind="lapse_reminder").count() == 3


class TestTheLadderFollowsTheDates:
    """CERT-03: reminders are those of the date that holds on their day; nobody is reminded of one that has moved."""

    def reminded_on(self, story: Story) -> list[str]:
        written = story.candidate.notices.filter(kind="lapse_reminder").order_by("created_at")
        return [str(notice.created_at.date()) for notice in written]

    def test_renewed_the_old_date_is_forgotten_and_the_new_one_has_its_own(self, story: Story) -> None:
        story.to("2022-06-10").certify("ccnp-enterprise", "2020-06-01")
        story.to("2023-03-20").sit("350-701")
        assert story.lapses_on("ccnp-enterprise") == "2026-03-20"

        story.to("2026-03-20")

        old, new = ["2023-03-03"], ["2024-03-20", "2025-03-20", "2025-12-20", "2026-01-19", "2026-02-18"]
        assert self.reminded_on(story) == old + new
        last = story.candidate.notices.filter(kind="lapse_reminder").latest("created_at")
        assert "20 March 2026" in last.body

    def test_taken_back_the_date_before_is_reminded_of_again(self, story: Story) -> None:
        story.to("2022-06-10").certify("ccnp-enterprise", "2020-06-01")
        story.to("2023-03-20").sit("350-701")
        story.to("2023-04-10").correct("350-701", "2023-03-20")
        assert story.lapses_on("ccnp-enterprise") == "2023-06-01"

        story.to("2023-06-03")

        assert self.reminded_on(story) == ["2023-03-03", "2023-05-02"]  # that of 2 April fell into the renewal
        assert story.notices("lapsed") == 1

    def test_re_dated_by_the_book_the_ladder_moves_along(self, story: Story) -> None:
        """CERT-01: on 24 February 2020 the term of an expert grows from two years to three."""
        story.to("2019-07-01").certify("ccie-security", "2018-06-01")
        assert story.lapses_on("ccie-security") == "2020-06-01"

        story.to("2021-06-01")

        assert self.reminded_on(story) == ["2020-06-01", "2021-03-03", "2021-04-02", "2021-05-02"]


class TestNotices:
    def _write(self, candidate: Candidate) -> Notice | None:
        return services.write_notice(
            candidate=candidate, kind="test", key="test:1", subject="Subject", body="Body", now=NOW
        )

    def test_a_notice_is_written_once_and_sent_once(
        self, candidate: Candidate, django_capture_on_commit_callbacks: Any
    ) -> None:
        notice = self._write(candidate)
        assert self._write(candidate) is None
        assert notice is not None
        event = Event.objects.get(topic="candidates.notice_written")
        for _each in range(2):
            send_notice(event, NOW)

        notice.refresh_from_db()
        assert (notice.status, notice.sent_at, notice.address) == ("sent", NOW, candidate.email)
        assert [message.to for message in mail.outbox] == [[candidate.email]]

    def test_a_message_that_came_back_is_noted_once(self, candidate: Candidate) -> None:
        notice = self._write(candidate)
        assert notice is not None
        assert not services.record_bounce(notice_id=notice.id, now=NOW)  # it has not left yet
        send_notice(Event.objects.get(topic="candidates.notice_written"), NOW)

        assert services.record_bounce(notice_id=notice.id, now=NOW)
        assert not services.record_bounce(notice_id=notice.id, now=NOW)

        notice.refresh_from_db()
        assert notice.status == "bounced"
        assert Event.objects.filter(topic="candidates.notice_bounced").count() == 1

    def test_a_changed_address_is_used_from_then_on(self, candidate: Candidate) -> None:
        services.change_contact(
            candidate_id=candidate.id, email="new@example.org", time_zone="Asia/Tokyo", billing_country="JP", now=NOW
        )
        candidate.refresh_from_db()
        notice = self._write(candidate)
        assert notice is not None
        assert notice.address == "new@example.org"


def test_somebody_who_moves_lives_elsewhere_from_then_on(candidate: Candidate) -> None:
    """PAY-01: told again, or moved to where one lives, nothing happens."""
    candidate = services.change_residence(candidate_id=candidate.id, country="UA", region="UA-30", now=NOW)
    services.change_residence(candidate_id=candidate.id, country="UA", region="UA-30", now=NOW)
    assert (candidate.country, candidate.region) == ("UA", "UA-30")
    assert Event.objects.filter(topic="candidates.residence_changed", candidate_id=candidate.id).count() == 1


class TestAgreements:
    @pytest.fixture(autouse=True)
    def _versions(self) -> None:
        for version, effective_on in (("1", "2020-01-01"), ("2", "2026-01-01"), ("3", "2027-01-01")):
            Agreement.objects.create(
                kind="terms", version=version, title="Terms", text="...", effective_on=day(effective_on)
            )

    def test_the_version_in_force_is_accepted_once(self, candidate: Candidate) -> None:
        for _each in range(2):
            services.accept_agreement(candidate_id=candidate.id, kind="terms", ip_address="192.0.2.1", now=NOW)

        acceptance = Acceptance.objects.get()
        assert (acceptance.agreement.version, acceptance.ip_address) == ("2", "192.0.2.1")
        assert Event.objects.filter(topic="candidates.agreement_accepted").count() == 1

    def test_a_version_replaced_meanwhile_is_not_accepted(self, candidate: Candidate) -> None:
        with pytest.raises(Agreement.DoesNotExist):
            services.accept_agreement(candidate_id=candidate.id, kind="terms", ip_address=None, now=NOW, version="1")
        assert not Acceptance.objects.exists()


REFUSED = [
    ("a status nobody knows", lambda one: Certification.objects.update(status="lost")),
    ("an end before the lapse", lambda one: Certification.objects.update(inactive_on=day("2020-01-01"))),
    ("half a pair of dates", lambda one: Certification.objects.update(active_ends_on=None)),
    (
        "two certifications in one track",
        lambda one: Certification.objects.create(
            candidate=one.candidate, track=one.track, number="X", first_certified_on=day("2020-01-01"), status="active"
        ),
    ),
    (
        "two terms that begin together",
        lambda one: Term.objects.create(
            certification=one,
            starts_on=day("2020-06-01"),
            renewed_on=day("2020-06-01"),
            reason="renewed",
            created_at=NOW,
        ),
    ),
    ("an Emeritus term without an end", lambda one: Term.objects.update(kind="emeritus")),
    ("changing history", lambda one: StatusChange.objects.update(after="active", reason="changed")),
    ("removing history", lambda one: StatusChange.objects.all()._raw_delete("default")),
    ("a country that is none", lambda one: Candidate.objects.update(country="us")),
    ("a second login with the same address", lambda one: factories.UserFactory.create(email="ALICE@example.org")),
]


@pytest.mark.parametrize(("_what", "act"), REFUSED, ids=[what for what, _act in REFUSED])
def test_the_database_refuses(story: Story, _what: str, act: Any) -> None:
    factories.UserFactory.create(email="alice@example.org")
    certification = story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        act(certification)
