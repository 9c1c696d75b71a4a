"""Sessions at events as the candidate sees them: the list with every decision, and the lines of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from candidates.models import Candidate
from catalog.models import ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from credits.models import Attendance
from tests.credits.live_world import attend
from tests.credits.pages import text_of
from tests.factories import day, noon
from tests.reference_data import load_reference
from tests.story import Story

EVENTS, LEDGER = reverse("credits:event_list"), reverse("credits:ledger")
NOW = noon("2018-06-20")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    """With a cap of twenty credits a cycle."""
    load_reference()
    with clock.standing_at(NOW), BOOK.overlaid({"live.cycle_cap": 20}):
        yield


@pytest.fixture
def story(alice: Candidate) -> Story:
    story = Story(alice, today=day("2018-01-10"))
    story.certify("ccie-security", "2017-09-01")
    story.enroll()
    return story.to("2018-06-20")


@pytest.fixture
def me(client: Client, alice: Candidate) -> Client:
    assert alice.user is not None
    client.force_login(alice.user)
    return client


def test_who_may_see(client: Client, bob: ProviderMember) -> None:
    assert client.get(EVENTS).url.startswith(reverse("account_login"))  # type: ignore[attr-defined]
    client.force_login(bob.user)
    assert client.get(EVENTS).url == reverse("candidates:link")  # type: ignore[attr-defined]
    assert client.post(EVENTS).status_code == HTTPStatus.METHOD_NOT_ALLOWED


@pytest.mark.usefixtures("story")
def test_without_a_session_the_page_says_how_to_earn(me: Client) -> None:
    """LIVE-07: being at the event earns nothing by itself."""
    words = text_of(me.get(EVENTS))
    assert "No session yet" in words
    assert "being at an event earns nothing by itself" in words


def test_each_session_is_there_with_its_outcome_and_why(me: Client, story: Story) -> None:
    attend(story, "TECSEC-3672", "2018-06-11")
    attend(story, "LTRCRT-3000", "2018-06-12")
    attend(story, "BRKSEC-3030", "2018-06-13")
    attend(story, "BRKSEC-2020", "2018-06-14")
    attend(story, "DEVNET-2000", "2018-06-14", hour=12)

    words = text_of(me.get(EVENTS))

    assert "Live 2018, Reykjavík" in words
    assert "Credits from events in this cycle: 20 of at most 20. LIVE-06" in words
    assert "Cut: 2 of 3 credits" in words
    assert "The session crosses the cap of a cycle for events: 18 credits before it, of 20." in words
    assert "The cap of a cycle for events is reached: 20 credits before it, of 20. LIVE-06" in words
    assert "Of the DevNet classes only the workshops earn credits. LIVE-02" in words
    assert "480 of 480 minutes" in words
    assert words.index("DEVNET-2000") < words.index("BRKSEC-2020") < words.index("TECSEC-3672")


def test_the_list_is_narrowed_by_its_address(me: Client, story: Story) -> None:
    attend(story, "TECSEC-3672", "2018-06-11")
    attend(story, "DEVNET-2000", "2018-06-14")
    earned, nothing = (text_of(me.get(EVENTS, {"state": state})) for state in ("earned", "nothing"))
    assert "TECSEC-3672" in earned
    assert "DEVNET-2000" not in earned
    assert "DEVNET-2000" in nothing
    assert "TECSEC-3672" not in nothing
    one = Attendance.objects.get(earned=True)
    assert "DEVNET-2000" not in text_of(me.get(EVENTS, {"attendance": one.pk}))
    for strange in ({"state": "strange"}, {"attendance": "x"}, {"attendance": "9" * 30}, {"page": "x"}):
        assert me.get(EVENTS, strange).status_code == HTTPStatus.OK


def test_nobody_sees_what_others_attended(me: Client, story: Story) -> None:
    carl = Story(
        Candidate.objects.create(number="C1", name="Carl", born=day("1980-01-01"), country="US", created_at=NOW)
    )
    other = attend(carl.to("2018-06-20"), "BRKSEC-2020", "2018-06-11")
    attend(story, "TECSEC-3672", "2018-06-11")
    assert "BRKSEC-2020" not in text_of(me.get(EVENTS))
    assert "BRKSEC-2020" not in text_of(me.get(EVENTS, {"attendance": other.pk}))


def test_the_ledger_says_what_was_cut_and_taken_back(me: Client, story: Story) -> None:
    """LIVE-06, CR-07: every line says why in plain words and cites the clause."""
    attend(story, "TECSEC-3672", "2018-06-11")
    attend(story, "BRKSEC-3030", "2018-06-14")
    attend(story, "LTRCRT-3000", "2018-06-12")
    attend(story, "DEVWKS-1020", "2018-06-13")
    attend(story, "DEVWKS-1020", "2018-06-12", hour=18)

    words = text_of(me.get(LEDGER))

    assert "Earned: attended on 11 June 2018, as the organiser's badge scans show. LIVE-05" in words
    assert "Cut: sessions at events count up to a cap in a cycle, and it is reached. LIVE-06" in words
    assert "The cut is taken back: the sessions of the cycle were shared out anew. LIVE-06" in words
    assert "Taken back: an earlier time of the same session counts. CR-04" in words
    page = me.get(LEDGER).content.decode()
    assert f'href="{EVENTS}"' in page
    assert f'href="{EVENTS}?attendance={Attendance.objects.earliest("attended_on").pk}"' in page


def test_what_fills_the_cap_afterwards_is_told(me: Client, story: Story) -> None:
    attend(story, "BRKSEC-3030", "2018-06-14")
    attend(story, "TECSEC-3672", "2018-06-11")
    attend(story, "LTRCRT-3000", "2018-06-12")
    attend(story, "LTRENT-2496", "2018-06-13")
    assert "Taken back: sessions attended before it fill the cap of the cycle. LIVE-06" in text_of(me.get(LEDGER))


def test_the_list_asks_the_same_whatever_its_length(me: Client, story: Story) -> None:
    asked = []
    for on in ("2018-06-11", "2018-06-12", "2018-06-13"):
        for hour, code in enumerate(("BRKSEC-1010", "BRKSEC-2020", "DEVNET-2000"), start=8):
            attend(story, code, on, hour=hour, gathering="live-2018" if on < "2018-06-13" else "live-2026")
        with CaptureQueriesContext(connection) as queries:
            me.get(EVENTS)
        asked.append(len(queries))
    assert asked[0] == asked[-1] <= 12
