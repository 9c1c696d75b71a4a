"""Erasure, retention of files, and the log of who looked, across all apps (CAND-09)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from candidates import services, status_lists, verification
from candidates.models import (
    Acceptance,
    Badge,
    Candidate,
    Case,
    Certification,
    DataRequest,
    Notice,
    Sanction,
    StaffAccess,
    User,
)
from candidates.services.erasures import assess
from candidates.sweeps import carry_out_erasures
from catalog.models import ProviderMember
from ceportal.access_log import path_to_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from ceportal.partner_api import feed
from ceportal.partner_api.models import Application, FeedEntry, Job, JobChunk, KeptAnswer
from credits.models import Appeal, Audit, Claim, Entry, Evidence, Receipt
from credits.papers.verification import verify
from credits.services import seals
from credits.sweeps import destroy_old_evidence
from exams.models import Booking, Reread
from payments.models import CreditNote, Invoice, Payment, Refund
from tests import factories
from tests.ceportal.staff_world import NOW, somebody
from tests.ceportal.test_privacy import just_signed_in
from tests.factories import day

pytestmark = pytest.mark.django_db
WAIT = timedelta(days=14)
KEPT = timedelta(days=1461)


@pytest.fixture(autouse=True)
def _today(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def person(bob: ProviderMember) -> Candidate:
    """Somebody with rows in nearly every table, of which nothing is under way any more."""
    factories.AgreementFactory.create()
    person = somebody(bob)
    person.refresh_from_db()
    return person


def settle(person: Candidate) -> None:
    """Let everything come to its end that stands in the way of an erasure."""
    Audit.objects.filter(status="open").update(status="passed", decided_at=NOW, decision=[], reason="He wrote it.")
    Appeal.objects.filter(status="open").update(status="dismissed", decided_at=NOW, decision=[], reason="No.")
    Refund.objects.update(status="succeeded", stripe_id="re_1", done_at=NOW)
    Case.objects.filter(status="open").update(status="closed", closed_at=NOW, resolution="It was him.")
    Payment.objects.filter(status="open").update(status="expired")
    Reread.objects.filter(status__in=["requested", "paid"]).update(status="lapsed")
    over = Booking.objects.filter(candidate=person, status__in=["held", "reserved", "paid", "sat"])
    over.update(status="cancelled", held_until=None)


# ── Asked for, withdrawn, refused ─────────────────────────────────────────────────────────────────
def test_erasure_is_asked_for_once_and_withdrawn_before_its_day(alice: Candidate) -> None:
    asked = services.ask_for_erasure(candidate_id=alice.id, now=NOW)
    assert services.ask_for_erasure(candidate_id=alice.id, now=NOW + timedelta(days=1)) == asked
    assert asked.due_on == clock.day_of(NOW + WAIT)
    assert Event.objects.filter(topic="candidates.erasure_asked").count() == 1
    assert Notice.objects.filter(candidate=alice, kind="erasure_asked").count() == 1
    assert carry_out_erasures(now=NOW + WAIT - timedelta(days=1)) == 0

    services.withdraw_erasure(candidate_id=alice.id, now=NOW + timedelta(days=2))

    with pytest.raises(DataRequest.DoesNotExist):
        services.withdraw_erasure(candidate_id=alice.id, now=NOW + timedelta(days=2))
    assert carry_out_erasures(now=NOW + WAIT) == 0
    alice.refresh_from_db()
    assert (alice.name, alice.erased_at) == ("Alice Okafor", None)


def test_what_is_under_way_stands_in_the_way_and_each_is_named(person: Candidate) -> None:
    staff = factories.UserFactory.create(staff=True)
    services.propose_sanction(
        candidate_id=person.id, clause="CAND-02", statement="Hm.", permanent=False, staff_id=staff.id, now=NOW
    )
    with pytest.raises(Refused) as refused:
        services.ask_for_erasure(candidate_id=person.id, now=NOW)

    said = {finding.sentence for finding in refused.value.decision.unmet}
    assert {each.split(",")[0] for each in said} >= {
        "Something about you is being looked into",
        "Money is on its way back to you",
        "A claim of yours is being audited.",
        "An appeal of yours waits for its decision.",
    }
    assert all(finding.next_step for finding in refused.value.decision.unmet)
    assert not person.data_requests.filter(kind="erasure").exists()
    assert not Event.objects.filter(topic="candidates.erasure_asked").exists()


@pytest.mark.parametrize(
    ("permanent", "appeal_over", "granted"), [(False, True, False), (True, False, False), (True, True, True)]
)
def test_a_sanction_for_a_while_and_one_that_can_be_appealed_stand_in_the_way(
    permanent: bool, appeal_over: bool, granted: bool, alice: Candidate
) -> None:
    first, second = (factories.UserFactory.create(staff=True) for _each in range(2))
    proposed = services.propose_sanction(
        candidate_id=alice.id, clause="CAND-02", statement="S", permanent=permanent, staff_id=first.id, now=NOW
    )
    services.confirm_sanction(sanction_id=proposed.id, staff_id=second.id, now=NOW)
    later = NOW + timedelta(days=31 if appeal_over else 30)
    assert assess(alice, now=later).granted is granted


def test_who_acts_for_others_ends_that_first(dan: User, bob: ProviderMember) -> None:
    for user in (dan, bob.user):
        acting = factories.CandidateFactory.create(user=user)
        assert len(assess(acting, now=NOW).unmet) == 1


def test_what_came_up_meanwhile_postpones_it_and_is_told_once(alice: Candidate) -> None:
    asked = services.ask_for_erasure(candidate_id=alice.id, now=NOW)
    case = services.open_case(
        key="k", kind=Case.Kind.FAILED_AUDIT, clause="CE-12", candidate_id=alice.id, subject="x.y:1", facts={}, now=NOW
    )
    for later in range(3):
        assert carry_out_erasures(now=NOW + WAIT + timedelta(days=later)) == 0
    asked.refresh_from_db()
    assert (asked.status, asked.postponed_on) == ("waiting", clock.day_of(NOW + WAIT))
    told = Notice.objects.get(candidate=alice, kind="erasure_postponed")
    assert "Something about you is being looked into" in told.body
    alice.refresh_from_db()
    assert alice.name == "Alice Okafor"

    Case.objects.filter(id=case.id).update(status="closed", closed_at=NOW, resolution="Nothing.")
    assert carry_out_erasures(now=NOW + WAIT + timedelta(days=3)) == 1


# ── Carried out ───────────────────────────────────────────────────────────────────────────────────
def everything() -> dict[str, str]:
    """Everything that the database holds, as text by table; papers that the law keeps are looked at by themselves."""
    return {
        model._meta.label: json.dumps(list(model._default_manager.values()), cls=_Encoder, ensure_ascii=False)
        for model in apps.get_models()
        if model not in {Invoice, CreditNote}
    }


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        return str(o) if isinstance(o, bytes | memoryview) else super().default(o)


def told_to_partners(person: Candidate) -> None:
    """A row of a bulk about a person, what came of it, and an answer that is kept for its key."""
    owner = User.objects.create_user(email="programs@example.org", name="Pat")
    made = {"kind": "provider", "tenant": "acme", "responsible": owner, "created_at": NOW}
    job = Job.objects.create(
        application=Application.objects.create(name="Reports", **made),
        kind="rosters",
        rows_total=2,
        created_at=NOW,
        progressed_at=NOW,
    )
    row = {"candidate": person.number, "name": person.name}
    another = {"candidate": "CE99999999", "name": "Somebody Else"}
    outcomes = [{"status": "done", "remarks": {"name": f"Is {person.name}."}}, {"status": "done"}]
    JobChunk.objects.create(job=job, first_row=1, rows=[row, another], outcomes=outcomes)
    KeptAnswer.objects.create(
        caller="application:1", key="k", fingerprint="f", status=200, body=json.dumps(row), answered_at=NOW
    )


def test_nothing_names_the_person_any_more_and_what_must_be_kept_is(
    person: Candidate, django_capture_on_commit_callbacks: Any
) -> None:
    settle(person)
    seals.seal_finished_days(now=NOW + timedelta(days=1))
    name, address, user = person.name, person.email, person.user
    assert user is not None
    badge, certification = (
        Badge.objects.get(certification__candidate=person),
        person.certifications.get(badges__isnull=False),
    )
    entries = list(Entry.objects.filter(candidate=person, kind="earned").values())
    invoices = list(Invoice.objects.filter(candidate=person).values())
    told_to_partners(person)
    files = [str(each.file) for each in Evidence.objects.filter(claim__candidate=person)]
    assert files and all(default_storage.exists(each) for each in files) and name in "".join(everything().values())
    told = {(kind, tenant) for kind, tenant, _scope in feed.told_of(person.id)}
    assert told == {("provider", "acme"), ("organiser", "exam-team"), ("verifier", "northwind")}
    asked = services.ask_for_erasure(candidate_id=person.id, now=NOW)
    due = NOW + WAIT

    with django_capture_on_commit_callbacks(execute=True):
        assert carry_out_erasures(now=due) == 1
    assert carry_out_erasures(now=due) == 0
    assert services.erase_candidate(request_id=asked.id, now=due).status == "done"

    words = (name, address, user.email, "192.0.2.1", "It is not so.", "It was him.", "He wrote it.", "c.pdf")
    left = {(label, word) for label, text in everything().items() for word in words if word in text}
    assert left == set()
    assert Event.objects.filter(topic="candidates.candidate_erased").count() == 1
    # The feed tells nothing of them but to those it had told, that they are erased; and not to themselves.
    assert not FeedEntry.objects.filter(candidate_id=person.id).exists()
    of_them = FeedEntry.objects.filter(data__candidate=person.number)
    assert {(each.kind, each.tenant) for each in of_them} == told
    assert {each.topic for each in of_them} == {"candidates.candidate_erased"}
    assert not any(default_storage.exists(each) for each in files)
    assert set(Evidence.objects.filter(claim__candidate=person).values_list("destroyed_because", flat=True)) == {
        "erasure"
    }
    chunk = JobChunk.objects.get()
    assert chunk.rows == [
        {"candidate": person.number, "name": ""},
        {"candidate": "CE99999999", "name": "Somebody Else"},
    ]
    assert chunk.outcomes == [{"status": "done", "remarks": {"name": "Is ."}}, {"status": "done"}]
    # What the clause keeps: the ledger and its seals, and the invoices to the letter.
    assert list(Entry.objects.filter(candidate=person, kind="earned").values()) == entries
    assert list(Invoice.objects.filter(candidate=person).values()) == invoices
    assert verify().sound
    seals.seal_finished_days(now=due + timedelta(days=1))
    told = StringIO()
    call_command("verify_ledger", stdout=told)
    assert "No difference" in told.getvalue()
    # Nobody holds anything, nothing is found, the badge is revoked, the login is closed.
    assert set(person.certifications.values_list("status", flat=True)) == {"inactive"}
    today = clock.day_of(due)
    for tried in (name, "Erased person"):
        assert verification.by_number(number=certification.number, name=tried, day=today) is None
    assert badge.list_index in set(status_lists._places(badge.list_number, "revocation", now=due))
    assert not person.verification_links.filter(withdrawn_at__isnull=True).exists()
    user.refresh_from_db()
    assert (user.is_active, user.has_usable_password(), user.emailaddress_set.count()) == (False, False, 0)


def test_after_an_erasure_nights_go_on_and_nothing_is_sent(alice: Candidate) -> None:
    services.import_certification(
        candidate_id=alice.id, track_code=factories.TrackFactory.create().code, certified_on=day("2025-01-01"), now=NOW
    )
    services.ask_for_erasure(candidate_id=alice.id, now=NOW)
    carry_out_erasures(now=NOW + WAIT)
    certification = alice.certifications.get()
    assert (certification.status, certification.next_change_on) == (Certification.Status.INACTIVE, None)
    change = certification.status_changes.latest("id")
    assert (change.clause, change.after) == ("CAND-09", "inactive")
    alice.refresh_from_db()
    written = services.write_notice(
        candidate=alice, kind="x", key="x", subject="A word", body="To you.", now=NOW + WAIT
    )
    assert written is not None and (written.address, written.subject, written.body) == ("", "", "")
    assert not Event.objects.filter(topic="candidates.notice_written", subject_id=written.id).exists()


def test_whoever_is_barred_for_good_is_known_again(alice: Candidate, settings: Any) -> None:
    first, second = (factories.UserFactory.create(staff=True) for _each in range(2))
    proposed = services.propose_sanction(
        candidate_id=alice.id, clause="CAND-02", statement="Sold answers.", staff_id=first.id, now=NOW
    )
    services.confirm_sanction(sanction_id=proposed.id, staff_id=second.id, now=NOW)
    later = NOW + timedelta(days=40)
    services.ask_for_erasure(candidate_id=alice.id, now=later)
    assert carry_out_erasures(now=later + WAIT) == 1
    kept = Sanction.objects.get(id=proposed.id)
    assert (kept.status, kept.statement) == ("running", "Sold answers.") and kept.person_mark

    person = {"country": "US", "email": "new@example.org", "now": later + WAIT}
    again = services.register_candidate(number="CSCO777", name=" alice OKAFOR", born=alice.born, **person)
    other = services.register_candidate(number="CSCO778", name="Alice Okafor", born=day("1999-09-09"), **person)

    assert Case.objects.get(kind=Case.Kind.BARRED_RETURNS).candidate == again
    assert not other.cases.exists()

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    after = services.register_candidate(number="CSCO779", name="Alice Okafor", born=alice.born, **person)
    assert after.cases.get().kind == Case.Kind.BARRED_RETURNS  # the key was changed since


def test_append_only_rows_open_for_an_erasure_and_for_nothing_else(alice: Candidate) -> None:
    agreement = factories.AgreementFactory.create()
    accepted = Acceptance.objects.create(
        candidate=alice, agreement=agreement, accepted_at=NOW, ip_address="192.0.2.9", language="en"
    )

    def attempt(**values: Any) -> bool:
        try:
            with transaction.atomic():
                Acceptance.objects.filter(id=accepted.id).update(**values)
        except DatabaseError:
            return False
        return True

    assert not attempt(ip_address=None)  # nobody was erased
    Candidate.objects.filter(id=alice.id).update(erased_at=NOW)
    assert not attempt(ip_address="192.0.2.10")
    assert not attempt(accepted_at=NOW + timedelta(days=1), ip_address=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        accepted.delete()
    assert attempt(ip_address=None)


# ── Pages ─────────────────────────────────────────────────────────────────────────────────────────
def test_the_page_asks_says_what_is_kept_and_withdraws(client: Client, alice: Candidate) -> None:
    assert alice.user is not None
    just_signed_in(client, alice.user)
    address = reverse("candidates:erasure")
    page = client.get(address)
    assert "The ledger of credits" in page.text and "CAND-09" in page.text
    assert client.post(address, {}).status_code == 422
    assert client.post(address, {"understood": "on"}).status_code == 302
    assert "Withdraw the request" in client.get(address).text
    assert client.post(reverse("candidates:withdraw_erasure")).status_code == 302
    assert client.post(reverse("candidates:withdraw_erasure")).status_code == 404

    services.open_case(
        key="k", kind=Case.Kind.FAILED_AUDIT, clause="CE-12", candidate_id=alice.id, subject="x.y:1", facts={}, now=NOW
    )
    refused = client.post(address, {"understood": "on"})
    assert refused.status_code == 409
    assert "Something about you is being looked into" in refused.text
    assert not alice.data_requests.filter(status="waiting").exists()


def test_erasure_needs_a_candidate_who_has_just_told_the_password(client: Client, alice: Candidate, dan: User) -> None:
    address = reverse("candidates:erasure")
    assert "/login/" in client.get(address)["Location"]
    assert alice.user is not None
    alice.user.set_password("something else")
    alice.user.save()
    client.force_login(alice.user)
    assert "/reauthenticate/" in client.post(address, {"understood": "on"})["Location"]
    client.force_login(dan)
    for name in ("candidates:erasure", "candidates:withdraw_erasure"):
        assert client.post(reverse(name), {"understood": "on"}).status_code == 302
    assert not DataRequest.objects.exists()


# ── Retention ─────────────────────────────────────────────────────────────────────────────────────
def test_files_are_kept_for_their_time_and_no_longer(
    person: Candidate, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    files = Evidence.objects.filter(claim__candidate=person)
    by_status = {each.claim.status: each for each in files.select_related("claim")}
    assert set(by_status) == {"approved", "returned", "rejected"}
    old = NOW + KEPT + timedelta(days=1)
    assert destroy_old_evidence(now=old) == 0  # an audit, an appeal and a case are open
    settle(person)
    assert destroy_old_evidence(now=NOW + KEPT) == 0  # the last day
    with django_capture_on_commit_callbacks(execute=True):
        assert destroy_old_evidence(now=old) == 2
    assert destroy_old_evidence(now=old) == 0
    for status, evidence in by_status.items():
        evidence.refresh_from_db()
        assert (evidence.destroyed_because == "age") is (status != "returned"), "what is with the candidate is open"
        assert default_storage.exists(str(evidence.file)) is (status == "returned")
    assert person.user is not None
    client.force_login(person.user)
    approved = by_status["approved"]
    assert client.get(reverse("credits:evidence_file", args=[approved.id])).status_code == 404
    with clock.standing_at(old):
        page = client.get(reverse("credits:claim_detail", args=[approved.claim.number])).text
    assert "as it was kept long enough" in page


# ── Who looked ────────────────────────────────────────────────────────────────────────────────────
def test_what_staff_see_is_written_down_once_a_page(client: Client, person: Candidate, dan: User) -> None:
    client.force_login(dan)
    evidence = Evidence.objects.filter(claim__candidate=person).first()
    assert evidence is not None
    invoice = Invoice.objects.get(candidate=person)
    claim_list, record = (
        reverse("admin:credits_claim_changelist"),
        reverse("admin:candidates_candidate_change", args=[person.id]),
    )
    act = f"/admin/candidates/candidate/{person.id}/change-contact/"
    file, paper = (
        reverse("credits:evidence_file", args=[evidence.id]),
        reverse("payments:invoice_pdf", args=[invoice.number]),
    )
    before = StaffAccess.objects.count()
    for address in (f"{claim_list}?q={person.name}", record, act, file, paper):
        answer = client.get(address)
        assert answer.status_code == 200, address
        b"".join(answer)  # type: ignore[arg-type]

    rows = list(StaffAccess.objects.order_by("id")[before:])
    assert [(row.page, row.record_type) for row in rows] == [
        (claim_list, "credits.claim"),
        (record, "candidates.candidate"),
        (act, "candidates.candidate"),
        (file, "credits.evidence"),
        (paper, "payments.invoice"),
    ]
    assert all(row.candidate_ids == [person.id] and row.user == dan for row in rows)
    assert len(rows[0].record_ids) == person.claims.count()
    with pytest.raises(DatabaseError), transaction.atomic():
        rows[0].delete()


def test_what_is_about_nobody_or_seen_by_its_owner_is_not_written_down(
    client: Client, person: Candidate, dan: User, bob: ProviderMember
) -> None:
    evidence = Evidence.objects.filter(claim__candidate=person).first()
    assert evidence is not None and person.user is not None
    for user in (person.user, bob.user):
        client.force_login(user)
        b"".join(client.get(reverse("credits:evidence_file", args=[evidence.id])))  # type: ignore[arg-type]
    client.force_login(dan)
    for address in ("/admin/", reverse("admin:catalog_item_changelist"), "/admin/candidates/candidate/999999/change/"):
        client.get(address)
    assert not StaffAccess.objects.exists()


def test_the_log_is_read_by_those_who_may_and_by_no_other(client: Client, alice: Candidate, dan: User) -> None:
    clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
    client.force_login(clerk)
    assert client.get(reverse("admin:candidates_staffaccess_changelist")).status_code == 403
    client.force_login(dan)
    client.get(reverse("admin:candidates_candidate_change", args=[alice.id]))
    found = client.get(reverse("admin:candidates_staffaccess_changelist"), {"q": alice.number})
    assert found.context["cl"].result_count == 1


def test_every_model_that_leads_to_a_candidate_is_logged_by_the_way_it_does() -> None:
    assert path_to_candidate(Receipt) == "claim__candidate"
    assert path_to_candidate(Reread) == "booking__candidate"
    assert path_to_candidate(Claim) == "candidate"
    assert path_to_candidate(User) == "candidate"
    assert path_to_candidate(apps.get_model("exams.Site")) is None
    assert path_to_candidate(apps.get_model("catalog.Item")) is None
