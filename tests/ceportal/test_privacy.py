"""A candidate's rights over their data, across all apps: everything that leads to a person is known (CAND-09)."""

from __future__ import annotations

import json
import zipfile
from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.db import models
from django.test import Client
from django.urls import reverse

from candidates import services
from candidates.exporting import areas, write_archive
from candidates.models import Candidate, DataRequest, Notice, StaffAccess, User
from candidates.sweeps import expire_exports
from catalog.models import ProviderMember
from ceportal import privacy
from ceportal.kernel import clock, removals
from ceportal.kernel.models import Event, FileToRemove
from tests import factories
from tests.ceportal.staff_world import NOW, somebody
from tests.story import PDF

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _today(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    with clock.standing_at(LATER):
        yield


@pytest.fixture
def person(bob: ProviderMember) -> Candidate:
    """Somebody with rows in nearly every table."""
    factories.AgreementFactory.create()
    return somebody(bob)


def lead_to_people() -> set[type[models.Model]]:
    """Every model from which foreign keys lead to a candidate or to a login, however far."""
    pointing: dict[type[models.Model], set[type[models.Model]]] = {}
    for model in apps.get_models(include_auto_created=False):
        for field in model._meta.concrete_fields:
            if field.is_relation and isinstance(field.related_model, type):
                pointing.setdefault(field.related_model, set()).add(model)
    found: set[type[models.Model]] = {Candidate, User}
    waiting = deque(found)
    while waiting:
        for model in pointing.get(waiting.popleft(), set()) - found:
            found.add(model)
            waiting.append(model)
    return found


# ── Nothing about a person is forgotten ───────────────────────────────────────────────────────────
def test_every_model_that_leads_to_a_person_is_exported_or_has_its_reason() -> None:
    exported = {part.of for area in areas() for part in area.parts}
    excused = {apps.get_model(label) for label in privacy.NOT_EXPORTED}
    forgotten = {model._meta.label for model in lead_to_people() - exported - excused}
    assert not forgotten, "Export these in their app's privacy.py, or say in ceportal/privacy.py why not."
    assert not exported & excused
    assert {model._meta.label for model in excused - lead_to_people()} == set(), "these lead to nobody"
    assert all(reason.strip() for reason in privacy.NOT_EXPORTED.values())


def test_what_is_left_out_is_a_column_that_exists() -> None:
    """A renamed column must not be exported because it is left out under its old name."""
    for area in areas():
        for part in area.parts:
            names = {field.name for field in part.of._meta.get_fields()}
            assert set(part.without) <= names, part.model
            assert part.path.split("__")[0] in names, part.model


# ── The archive ───────────────────────────────────────────────────────────────────────────────────
def test_the_archive_holds_everything_of_the_person_and_nothing_of_another(person: Candidate) -> None:
    other = factories.CandidateFactory.create(login=True, name="Somebody Else", email="else@example.org")
    staff = factories.UserFactory.create(staff=True, email="clerk@programme.example")
    services.propose_sanction(
        candidate_id=person.id, clause="CAND-02", statement="A suspicion.", staff_id=staff.id, now=NOW
    )
    StaffAccess.objects.create(
        user=staff, at=NOW, candidate_ids=[person.id, other.id], record_type="candidates.candidate",
        record_ids=[person.id, other.id], page="/admin/candidates/candidate/",
    )  # fmt: skip
    target = BytesIO()

    write_archive(target, person, now=NOW)

    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        told = {name: json.loads(archive.read(name)) for name in names if name.endswith(".json")}
        text = "".join(archive.read(name).decode() for name in names if name.endswith((".json", ".txt")))
        evidence = [archive.read(name) for name in names if name.startswith("evidence/")]
        pdfs = [archive.read(name)[:5] for name in names if name.endswith(".pdf")]
    assert {f"{area.name}.json" for area in areas()} == set(told)
    empty = {
        f"{area.name}.{part.model}"
        for area in areas()
        for part in area.parts
        if part.rows(person.id).exists() != bool(told[f"{area.name}.json"][part.of._meta.model_name])
    }
    assert empty == set()
    assert told["person.json"]["candidate"][0]["name"] == person.name
    assert len(told["ledger.json"]["entry"]) == person.entries.count() > 0
    assert told["claims.json"]["claim"][0]["provider"] == "acme" or told["claims.json"]["claim"][0]["provider"]
    assert evidence == [PDF] * len(evidence) and evidence
    assert set(pdfs) == {b"%PDF-"}
    assert {"transcript.pdf", "ledger.pdf"} <= set(names)
    assert [each["record_type"] for each in told["privacy.json"]["staffaccess"]] == ["candidates.candidate"]
    assert told["sanctions.json"]["sanction"] == []  # a proposal is nobody's to read
    for secret in ("A suspicion.", "Somebody Else", "else@example.org", "clerk@programme.example", "sanction_proposed"):
        assert secret not in text, secret
    assert person.user is not None
    assert person.user.password not in text


# ── Asked for, made, downloaded, gone ─────────────────────────────────────────────────────────────
def test_a_copy_is_asked_for_once_made_once_told_and_expires(
    alice: Candidate, django_capture_on_commit_callbacks: Any
) -> None:
    asked = services.ask_for_export(candidate_id=alice.id, now=NOW)
    assert services.ask_for_export(candidate_id=alice.id, now=LATER) == asked
    assert Event.objects.filter(topic="candidates.export_requested").count() == 1

    for _again in range(2):
        made = services.make_export(request_id=asked.id, now=LATER)
    assert made.status == DataRequest.Status.READY
    assert made.expires_on == clock.day_of(LATER) + timedelta(days=7)
    assert default_storage.size(str(made.file)) == made.size_bytes
    assert Notice.objects.filter(kind="export_ready", candidate=alice).count() == 1

    second = services.ask_for_export(candidate_id=alice.id, now=LATER)
    with django_capture_on_commit_callbacks(execute=True):
        services.make_export(request_id=second.id, now=LATER)
    assert not default_storage.exists(str(made.file)), "a new copy takes the place of the old one"
    second.refresh_from_db()

    last_day = LATER + timedelta(days=7)
    assert expire_exports(now=last_day) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert expire_exports(now=last_day + timedelta(days=1)) == 1
    assert expire_exports(now=last_day + timedelta(days=1)) == 0
    assert not default_storage.exists(str(second.file))
    assert not FileToRemove.objects.filter(removed_at__isnull=True).exists()


def test_a_file_whose_removal_was_interrupted_is_removed_by_the_night(alice: Candidate) -> None:
    asked = services.ask_for_export(candidate_id=alice.id, now=NOW)
    made = services.make_export(request_id=asked.id, now=NOW)
    expire_exports(now=NOW + timedelta(days=8))  # nothing runs after the commit: the process was killed
    assert default_storage.exists(str(made.file))

    assert removals.remove_waiting(now=NOW + timedelta(days=9)) == 1

    assert not default_storage.exists(str(made.file))
    assert removals.remove_waiting(now=NOW + timedelta(days=10)) == 0


def just_signed_in(client: Client, user: User | None) -> Client:
    """Somebody who has told their password a moment ago."""
    assert user is not None
    user.set_password("told a moment ago")
    user.save()
    client.force_login(user)
    assert client.post(reverse("account_reauthenticate"), {"password": "told a moment ago"}).status_code == 302
    return client


def test_the_copy_is_its_owners_alone_who_has_just_signed_in(
    client: Client, alice: Candidate, bob: ProviderMember, dan: User
) -> None:
    other = factories.CandidateFactory.create(login=True)
    just_signed_in(client, alice.user)
    assert client.post(reverse("candidates:ask_for_export")).status_code == 302
    made = services.make_export(request_id=alice.data_requests.get().id, now=LATER)
    address = reverse("candidates:download_export", args=[made.id])

    answer = client.get(address)
    assert b"".join(answer).startswith(b"PK")  # type: ignore[arg-type]
    assert answer["Content-Disposition"].startswith("attachment")
    with clock.standing_at(LATER + timedelta(days=8)):  # the sweep has not come by yet
        assert client.get(address).status_code == 404

    assert alice.user is not None
    client.logout()
    client.force_login(alice.user)  # signed in, but who knows when
    assert "/reauthenticate/" in client.get(address)["Location"]
    assert just_signed_in(client, other.user).get(address).status_code == 404
    for stranger in (bob.user, dan):
        assert just_signed_in(client, stranger).get(address).status_code == 302  # to the page that links a record
    client.logout()
    assert "/login/" in client.get(address)["Location"]


def test_the_page_says_who_looked(client: Client, alice: Candidate, dan: User) -> None:
    assert alice.user is not None
    client.force_login(alice.user)
    assert "Nobody so far." in client.get(reverse("candidates:privacy")).text
    StaffAccess.objects.create(
        user=dan, at=NOW, candidate_ids=[alice.id], record_type="credits.claim", record_ids=[1], page="/admin/x/"
    )
    page = client.get(reverse("candidates:privacy")).text
    assert "Nobody so far." not in page and "claim" in page
    assert dan.email not in page
