"""The reference world comes in exactly once, as written, and what happened since stays."""

from __future__ import annotations

from datetime import date
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection, transaction

from candidates.models import Agreement, Track
from catalog import queries, services
from catalog.models import Authorisation, BoardReview, Item, Listing, Provider
from ceportal import reference
from ceportal.kernel.models import Event
from exams.models import Exam, Site
from tests import reference_data
from tests.factories import FIRST_DAY, day, noon

pytestmark = pytest.mark.django_db

ITEMS = {
    "ilt-64": ("instructor_led", 64, "acme"),
    "ilt-40": ("instructor_led", 40, "acme"),
    "ilt-30": ("instructor_led", 30, "acme"),
    "vilt-24": ("virtual", 24, "globex"),
    "dig-40": ("digital", 40, "globex"),
    "dig-20": ("digital", 20, "globex"),
    "dig-12": ("digital", 12, "globex"),
    "dig-lite": ("digital_lite", 0, "globex"),
    "custom-30": ("custom", 30, "globex"),
    "boot-16": ("bootcamp", 16, "acme"),
    "path-50": ("learning_path", 50, "globex"),
}
TABLES = (Track, Exam, Site, Provider, Item, Listing, Authorisation, Agreement, BoardReview, Event)


@pytest.fixture
def loaded() -> None:
    call_command("load_reference", quiet=True)


def rows() -> list[list[dict[str, object]]]:
    return [list(table.objects.order_by("pk").values()) for table in TABLES]


@pytest.mark.usefixtures("loaded")
def test_items_are_listed_since_the_first_day() -> None:
    assert {
        listing.item.code: (listing.item.kind, listing.credits)
        for listing in Listing.objects.filter(starts_on=FIRST_DAY, ends_on=None).select_related("item")
    } == {code: (kind, credits) for code, (kind, credits, _provider) in ITEMS.items()}
    assert {
        (authorisation.item.code, authorisation.provider.code)
        for authorisation in Authorisation.objects.filter(starts_on=FIRST_DAY, ends_on=None)
    } == {(code, provider) for code, (_kind, _credits, provider) in ITEMS.items()}
    assert Item.objects.get(code="custom-30").registration_number
    assert Item.objects.filter(sample=True).exists()


@pytest.mark.usefixtures("loaded")
def test_tracks_and_exams() -> None:
    families = {"ccie": 6, "devnet": 1, "ccde": 1, "": 6}
    for family, count in families.items():
        assert Track.objects.filter(family=family).count() == count
    assert set(Track.objects.exclude(family="").values_list("level", flat=True)) == {"expert"}
    earning = dict(Exam.objects.filter(earns__isnull=False).values_list("number", "earns__code"))
    labs = {f"lab-{code}": code for code in Track.objects.filter(level="expert").values_list("code", flat=True)}
    assert earning == labs | {"200-301": "ccna", "100-150": "ccst-networking"}
    kinds = {"entry": 1, "associate": 1, "core": 2, "concentration": 5, "expert_written": 1}
    kinds |= {"expert_lab": 8, "unproctored": 1}
    assert {kind: Exam.objects.filter(kind=kind).count() for kind in kinds} == kinds


@pytest.mark.usefixtures("loaded")
def test_sites_have_a_clock_and_an_address() -> None:
    assert set(Site.objects.values_list("code", "country", "kind")) == {
        ("brussels", "BE", "fixed"),
        ("richardson", "US", "fixed"),
        ("tokyo", "JP", "fixed"),
        ("bangalore", "IN", "fixed"),
        ("dubai", "AE", "fixed"),
        ("mobile-nairobi", "KE", "mobile"),
    }
    for site in Site.objects.all():
        assert ZoneInfo(site.time_zone)
        assert site.address


@pytest.mark.usefixtures("loaded")
def test_every_kind_of_agreement_is_in_force_from_the_first_day() -> None:
    in_force = Agreement.objects.filter(effective_on__lte=day("2017-06-06"))
    assert sorted(in_force.values_list("kind", flat=True)) == sorted(Agreement.Kind.values)


@pytest.mark.usefixtures("loaded")
def test_a_repetition_touches_nothing() -> None:
    before = rows()
    out = StringIO()
    call_command("load_reference", stdout=out)
    assert rows() == before
    assert "0 created, 0 changed" in out.getvalue()


@pytest.mark.usefixtures("loaded")
def test_a_row_that_differs_is_put_right() -> None:
    Site.objects.filter(code="tokyo").update(time_zone="UTC")
    assert reference.load()["changed"] == 1
    assert Site.objects.get(code="tokyo").time_zone == "Asia/Tokyo"


@pytest.mark.usefixtures("loaded")
def test_what_was_decided_since_stays() -> None:
    item = Item.objects.get(code="ilt-40")
    review = services.hold_review(quarter="2021-Q2", held_on=date(2021, 4, 1), now=noon("2021-04-01"))
    services.decide_listing(
        item_id=item.pk,
        outcome="delist",
        credits=None,
        effective_on=review.held_on,
        review_id=review.pk,
        decided_by_id=None,
        now=noon("2021-04-01"),
    )
    services.withdraw_authorisation(
        provider_id=Provider.objects.get(code="acme").pk,
        item_id=item.pk,
        ends_on=day("2021-05-01"),
        now=noon("2021-04-01"),
    )
    Exam.objects.filter(number="350-701").update(retires_on=day("2022-01-01"))
    before = rows()
    reference.load()
    assert rows() == before
    assert queries.listing_on(item.pk, day("2021-04-01")) is None


def test_quiet_says_nothing() -> None:
    out = StringIO()
    call_command("load_reference", quiet=True, stdout=out)
    assert out.getvalue() == ""


def test_the_copies_that_other_tests_begin_with_are_what_was_loaded(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference_data, "_copies", {})
    told = []
    for _loaded_then_copied in range(2):
        with transaction.atomic():
            reference_data.load_reference()
            connection.check_constraints()
            told.append([*rows(), list(Group.permissions.through.objects.order_by("pk").values())])
            transaction.set_rollback(True)
    assert told[0] == told[1]
    assert all(told[0])
    assert len(reference_data._copies) == 1
    provider = Provider.objects.create(code="other", name="Other", created_at=noon("2021-04-01"))
    reference_data.load_reference()  # beside what is there already it is loaded in earnest
    assert Provider.objects.filter(authorisations=None).get() == provider
    assert Item.objects.count() == len(told[0][TABLES.index(Item)])
