"""`manage.py verify_ledger` finds out whoever gets past the database's own guards, and says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from ceportal.kernel import clock, signatures
from ceportal.kernel.models import NightlyRun
from credits.models import Cycle, Entry, Grant, Recertification, Seal
from credits.papers import verification
from credits.papers.verification import Difference, verify
from credits.services.seals import seal_finished_days, signed_content
from tests import factories
from tests.credits.ledger_world import as_superuser
from tests.factories import day, noon
from tests.reference_data import load_reference
from tests.story import Story

LAST_NIGHT = "2021-06-10"


@pytest.fixture
def story(db: None, settings: Any, tmp_path: Any) -> Story:
    """A renewal that used eighty credits of ninety, and something earned since; all of it sealed."""
    settings.MEDIA_ROOT = str(tmp_path)
    load_reference()
    story = Story(factories.CandidateFactory.create())
    story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
    story.enroll()
    story.to("2021-02-02").report("dig-40", "2021-02-01")
    story.to("2021-03-02").report("path-50", "2021-03-01")
    story.to("2021-06-01").report("vilt-24", "2021-05-20")
    story.report("boot-16", "2021-05-31")
    seal_finished_days(now=clock.at(day(LAST_NIGHT), 8, 30))
    NightlyRun.objects.get_or_create(day=day(LAST_NIGHT), defaults={"finished_at": clock.at(day(LAST_NIGHT), 8, 30)})
    assert verify().sound
    return story


def first() -> Difference:
    report = verify()
    assert report.differences, "nothing was found"
    return report.differences[0]


def tampered(act: Callable[[], object]) -> list[Difference]:
    """What is found once somebody has got past every guard."""
    with as_superuser():
        act()
    return list(verify().differences)


def entries() -> list[Entry]:
    return list(Entry.objects.order_by("id"))


def copy_of(entry: Entry, **changes: Any) -> Entry:
    fields = {field.attname: getattr(entry, field.attname) for field in Entry._meta.fields if field.name != "id"}
    return Entry.objects.create(**fields | changes)


# ── Entries ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.usefixtures("story")
class TestEntries:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("amount", 39),
            ("counts_from", day("2021-02-02")),
            ("written_at", noon("2021-02-02").replace(microsecond=1)),
            ("clause", "CE-11"),
            ("kind", "voided"),
            ("recertification_id", 1),
            ("candidate_id", 1),
        ],
    )
    def test_any_change_of_an_entry_is_named(self, field: str, value: Any) -> None:
        entry = Entry.objects.filter(kind="expired" if field == "kind" else "earned").earliest("id")
        found = tampered(lambda: Entry.objects.filter(id=entry.id).update(**{field: value}))[0]
        assert found.subject == f"entry {entry.id}"
        assert found.what == f"Entry {entry.id} was changed after {clock.day_of(entry.written_at)} was sealed."
        assert f"[{entry.id}, " in found.found

    def test_an_entry_moved_to_another_day(self) -> None:
        entry = entries()[0]
        found = tampered(lambda: Entry.objects.filter(id=entry.id).update(written_at=noon("2021-02-05")))
        assert found[0].what.startswith(f"Entry {entry.id} is missing among those written until 2021-02-02")

    @pytest.mark.parametrize("place", [0, 2, -1], ids=["the first", "one of the middle", "the last of the last day"])
    def test_a_removed_entry_is_missed(self, place: int) -> None:
        entry = entries()[place]
        found = tampered(lambda: Entry.objects.filter(id=entry.id)._raw_delete("default"))
        assert found[0].subject == f"entry {entry.id}"
        assert "is missing" in found[0].what
        assert found[1].check == "balances"
        assert found[1].subject == f"grant {entry.grant_id}"

    def test_an_entry_put_in_under_a_number_that_was_free_is_named(self) -> None:
        last = entries()[-1]
        forged = last.id + 1
        with connection.cursor() as cursor:  # a number that was given out and not used, below what the seal reaches
            cursor.execute("SELECT nextval(pg_get_serial_sequence('credits_entry', 'id'))")
        with as_superuser():
            Seal.objects.update(known_to=forged + 1)
            for seal in Seal.objects.all():
                token = signatures.sign(kind="ledger_seal", content=signed_content(seal))
                Seal.objects.filter(pk=seal.pk).update(signature=token)
        assert verify().sound
        found = tampered(
            lambda: copy_of(last, id=forged, kind="voided", amount=-1, clause="CE-12", counts_from=last.counts_from)
        )
        assert found[0].what == f"Entry {forged} was not there when 2021-06-01 was sealed: it was put in afterwards."
        assert found[0].expected == "no entry"

    def test_an_entry_put_in_now_as_if_it_were_old_does_not_fit_its_grant(self) -> None:
        last = entries()[-1]
        found = tampered(lambda: copy_of(last, kind="voided", amount=-1, clause="CE-12"))
        assert [each.check for each in found] == ["balances"]
        assert (found[0].subject, found[0].expected, found[0].found) == (f"grant {last.grant_id}", "15", "16")

    def test_an_entry_put_in_on_a_day_that_had_none_has_no_seal(self) -> None:
        last = entries()[-1]
        found = tampered(lambda: copy_of(last, kind="voided", amount=-1, clause="CE-12", written_at=noon("2021-06-05")))
        assert [each.check for each in found] == ["seals", "balances"]
        assert "has no seal" in found[0].what
        assert found[0].found == "the last seal is of 2021-06-01"


# ── Seals ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.usefixtures("story")
class TestSeals:
    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("sha256", "f" * 64, "its sha256 is not what was signed"),
            ("previous", "f" * 64, "its previous is not what was signed"),
            ("entries", 7, "its entries is not what was signed"),
            ("known_to", 10**9, "its known to is not what was signed"),
            ("first_entry_id", 0, "names other entries than those it covers"),
            ("signature", "a.b.c", "does not carry a signature of this portal"),
            ("day", day("2021-03-03"), "its day is not what was signed"),
        ],
    )
    def test_any_change_of_a_seal_is_named(self, field: str, value: Any, said: str) -> None:
        seal = Seal.objects.get(day=day("2021-03-02"))
        found = tampered(lambda: Seal.objects.filter(pk=seal.pk).update(**{field: value}))
        assert said in found[0].what
        assert found[0].subject == f"seal of {value if field == 'day' else seal.day}"

    @pytest.mark.parametrize("place", [0, 1])
    def test_a_removed_seal_breaks_the_chain(self, place: int) -> None:
        seal, following = list(Seal.objects.all())[place : place + 2]
        found = tampered(lambda: Seal.objects.filter(pk=seal.pk)._raw_delete("default"))
        assert found[0].what == (
            f"The seal of {following.day} does not follow the one before it: a seal between them is missing, or that "
            "one was made anew."
        )
        assert found[0].expected == seal.sha256

    def test_a_seal_removed_at_the_end_is_missed(self) -> None:
        *_before, last = Seal.objects.all()
        found = tampered(lambda: Seal.objects.filter(pk=last.pk)._raw_delete("default"))
        assert "the end of the chain is missing" in found[0].what
        assert found[0].expected == f"a seal of {last.day} or later"
        assert found[0].found == "the last seal is of 2021-03-02"

    def test_all_seals_removed(self) -> None:
        found = tampered(lambda: Seal.objects.all()._raw_delete("default"))
        assert found[0].found == "no seal at all"

    def test_who_makes_the_hash_anew_cannot_sign_it(self, settings: Any) -> None:
        entry, seal = entries()[0], Seal.objects.get(day=day("2021-02-02"))
        with as_superuser():
            Entry.objects.filter(id=entry.id).update(amount=39)
            Grant.objects.filter(id=entry.grant_id).update(amount=39)
            Seal.objects.filter(pk=seal.pk).update(sha256="e" * 64, signature=seal.signature)
        assert "its sha256 is not what was signed" in first().what

    def test_a_seal_of_another_day_does_not_pass_for_it(self) -> None:
        one, other = list(Seal.objects.all())[:2]
        found = tampered(lambda: Seal.objects.filter(pk=one.pk).update(signature=other.signature))
        assert "is not what was signed" in found[0].what


# ── What follows from the entries ─────────────────────────────────────────────────────────────────
@pytest.mark.usefixtures("story")
class TestChecks:
    def test_a_changed_balance(self) -> None:
        grant = Grant.objects.get(amount=16)
        found = tampered(lambda: Grant.objects.filter(id=grant.id).update(remaining=1))
        (said,) = [str(each) for each in found]
        assert said.startswith(f"What is stored as remaining of grant {grant.id} is not what its entries add up to.")
        assert said.endswith("Expected: 16. Found: 1.")

    @pytest.mark.parametrize(
        ("check", "change"),
        [
            ("earned", {"amount": 17}),
            ("earned", {"earned_on": day("2021-05-30"), "expires_on": day("2024-05-30")}),
            ("validity", {"expires_on": day("2025-05-31")}),
        ],
    )
    def test_a_changed_grant(self, check: str, change: dict[str, Any]) -> None:
        grant = Grant.objects.get(amount=16)
        (found,) = tampered(lambda: Grant.objects.filter(id=grant.id).update(**change))
        assert (found.check, found.subject) == (check, f"grant {grant.id}")

    def test_a_grant_of_somebody_else(self) -> None:
        grant, stranger = Grant.objects.get(amount=16), factories.CandidateFactory.create()
        found = tampered(lambda: Grant.objects.filter(id=grant.id).update(candidate=stranger))
        assert {"earned", "owners", "cycles"} == {each.check for each in found}

    def test_a_removed_grant(self) -> None:
        grant = Grant.objects.get(amount=16)
        with transaction.atomic():
            found = tampered(lambda: Grant.objects.filter(id=grant.id)._raw_delete("default"))
            transaction.set_rollback(True)  # or the end of the test would find it, too
        assert [(each.check, each.expected) for each in found] == [("owners", "a grant")]

    def test_a_renewal_that_says_it_used_more(self) -> None:
        renewal = Recertification.objects.get()
        (found,) = tampered(lambda: Recertification.objects.update(credits_used=81))
        assert (found.subject, found.expected, found.found) == (f"renewal {renewal.id}", "81", "80")

    def test_a_grant_in_a_cycle_that_does_not_cover_its_day(self) -> None:
        grant, closed = Grant.objects.get(amount=16), Cycle.objects.get(ended_on__isnull=False)
        found = tampered(lambda: Grant.objects.filter(id=grant.id).update(cycle=closed))
        assert [each.check for each in found] == ["cycles", "closed cycles"]

    def test_credits_used_after_they_expired(self) -> None:
        used = Entry.objects.filter(kind="used").first()
        assert used is not None
        found = tampered(lambda: Grant.objects.filter(id=used.grant_id).update(expires_on=used.counts_from))
        assert [each.check for each in found] == ["validity", "use"]

    def test_a_correction_that_is_not_exact(self, story: Story) -> None:
        grant = Grant.objects.get(amount=16)
        shape = {"candidate": story.candidate, "grant": grant, "written_at": noon(LAST_NIGHT), "clause": "CR-01"}
        expired = Entry.objects.create(**shape, kind="expired", amount=-16, counts_from=grant.expires_on)
        with as_superuser():
            Entry.objects.create(**shape, kind="restored", amount=15, counts_from=grant.expires_on, corrects=expired)
            Grant.objects.filter(id=grant.id).update(remaining=15)
        assert [each.check for each in verify().differences] == ["corrections"]

    def test_more_taken_on_a_day_than_was_there(self, story: Story) -> None:
        grant = Grant.objects.get(amount=16)
        Entry.objects.create(
            candidate=story.candidate,
            grant=grant,
            kind="voided",
            amount=-16,
            counts_from=day("2021-05-30"),
            written_at=noon(LAST_NIGHT),
            clause="CE-12",
        )
        (found,) = verify().differences
        assert (found.check, found.what) == (
            "days",
            f"On 2021-05-30 more had been taken from grant {grant.id} than it had.",
        )


# ── The command ───────────────────────────────────────────────────────────────────────────────────
def test_a_sound_ledger_is_told_as_such(story: Story) -> None:
    said = StringIO()
    call_command("verify_ledger", stdout=said)
    assert "No difference: the ledger is what its entries say." in said.getvalue()
    assert f"{Entry.objects.count()} entries, 4 grants, 3 seals." in said.getvalue()
    assert Seal.objects.order_by("-day").first().sha256 in said.getvalue()  # type: ignore[union-attr]


def test_an_empty_ledger_is_sound(db: None) -> None:
    said = StringIO()
    call_command("verify_ledger", stdout=said)
    assert "Nothing is sealed yet." in said.getvalue()


def test_the_first_difference_comes_first_and_the_status_says_so(story: Story) -> None:
    entry, said = entries()[0], StringIO()
    with as_superuser():
        Entry.objects.filter(id=entry.id).update(amount=39)
    with pytest.raises(SystemExit) as ended:
        call_command("verify_ledger", stdout=said)
    assert ended.value.code == 1
    first_line, *others = [line for line in said.getvalue().splitlines() if "Expected" in line]
    assert first_line.startswith(f"The first difference: Entry {entry.id} was changed after 2021-02-02 was sealed.")
    assert all(line.startswith("Also: ") for line in others)


def test_machines_are_told_the_same(story: Story) -> None:
    said = StringIO()
    call_command("verify_ledger", "--json", stdout=said)
    told = json.loads(said.getvalue())
    assert (told["sound"], told["seals"], told["sealed_to"], told["unsealed"]) == (True, 3, "2021-06-01", 0)
    grant = Grant.objects.get(amount=16)
    with as_superuser():
        Grant.objects.filter(id=grant.id).update(remaining=1)
    said = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_ledger", "--json", stdout=said)
    (difference,) = json.loads(said.getvalue())["differences"]
    assert (difference["subject"], difference["expected"], difference["found"]) == (f"grant {grant.id}", "16", "1")


def test_what_waits_for_its_night_is_counted_and_no_difference(story: Story) -> None:
    story.to(LAST_NIGHT).report("ilt-30", "2021-06-01")
    report = verify()
    assert (report.sound, report.unsealed) == (True, 1)


def test_the_questions_are_as_many_whatever_there_is(story: Story, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(len(verification.CHECKS) + 8):
        verify()
