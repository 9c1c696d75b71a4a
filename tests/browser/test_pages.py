"""Pages in a real browser: readable by everyone at every size, and calm about what people get wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import DESKTOP, FEE_ERA, TELEPHONE, LiveStack

pytestmark = pytest.mark.browser

TODAY = date.fromisoformat(FEE_ERA)
LAST_WEEK = str(TODAY - timedelta(days=7))
HEAD, TAIL = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n", b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PAGES = {
    "visitor": [
        "/", "/catalog/", "/catalog/ilt-40/", "/policy/CE-11", "/check/", "/verify/", "/verify/?number=1&name=A",
        "/logo-guidelines/", "/accounts/login/", "/accounts/signup/", "/no/",
    ],
    "candidate midway": [
        "/dashboard/", "/credits/", "/credits/events/", "/claims/", "/claims/new/", "/claims/new/?item=dig-40", "/fee/",
        "/payments/invoices/", "/notices/", "/profile/", "/sharing/", "/exams/", "/exams/results/", "/exams/sharing/",
        "/accounts/email/",
    ],
    "candidate for a lab": [
        "/labs/", "/labs/?month=2020-01&site=tokyo", "/labs/sites/", "/labs/bookings/", "/dashboard/",
        "/labs/book/ccie-security/brussels/2020-01-06/", "/labs/book/ccie-security/mobile-nairobi/2019-11-12/",
    ],
    "candidate after a lab": ["/labs/", "/labs/waiting/", "/labs/waiting/new/"],
    "reviewer": ["/provider/", "/provider/report/", "/provider/deliveries/"],
}  # fmt: skip
THEMES = [(TELEPHONE, "dark"), (DESKTOP, "light")]


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """The cookies of who has signed in: once for each, since it takes a second."""
    return {}


@pytest.fixture
def window(
    open_window: Callable[..., Page], sign_in: Callable[..., None], sessions: dict[str, Any]
) -> Callable[..., Page]:
    """A function that opens a window for one of the demo's people, `window("reviewer", width=390)`."""

    def open_for(who: str, **options: Any) -> Page:
        page = open_window(**options)
        if who in sessions:
            page.context.add_cookies(sessions[who])
        elif who != "visitor":
            sign_in(page, who)
            sessions[who] = page.context.cookies()
        return page

    return open_for


# ── Readable ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("width", "theme"), THEMES, ids=["telephone", "desktop"])
@pytest.mark.parametrize("who", PAGES)
def test_pages_are_accessible_fit_and_say_nothing_to_the_console(window: Callable[..., Page], who, width, theme):
    page = window(who, width=width, dark=theme == "dark")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in PAGES[who]:
        page.goto(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
    # The page that is not there is meant to answer so; nothing else is said, in particular no refusal of the policy.
    assert [line for line in said if "404 (Not Found)" not in line] == []


@pytest.mark.parametrize(("who", "path"), [("candidate midway", "/dashboard/"), ("reviewer", "/provider/")])
def test_the_other_theme_has_contrast_at_the_other_size(window: Callable[..., Page], who, path):
    page = window(who, width=TELEPHONE)
    page.goto(path)
    assert violations(page) == []
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size({"width": DESKTOP, "height": 900})
    page.reload()
    assert violations(page) == []


@pytest.mark.parametrize(("width", "theme"), THEMES, ids=["telephone", "desktop"])
def test_claims_in_every_state_and_an_appeal_are_readable(window: Callable[..., Page], width, theme):
    page = window("candidate midway", width=width, dark=theme == "dark")
    page.goto("/claims/")
    links = page.locator("tbody th a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    page.goto(next(link for link in links if _is_rejected(page, link)))
    page.get_by_role("link", name="Appeal to the programme").click()
    for path in [page.url, *links]:
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path


@pytest.mark.parametrize(("width", "theme"), THEMES, ids=["telephone", "desktop"])
def test_a_booking_and_the_quote_of_its_change_are_readable(window: Callable[..., Page], width, theme):
    page = window("candidate for a lab", width=width, dark=theme == "dark")
    page.goto("/labs/")
    page.get_by_role("link", name="Enterprise infrastructure lab").click()
    booking = page.url
    for path in ("", "change/?month=2020-01", "change/richardson/2020-01-06/"):
        page.goto(booking + path)
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
    for texts in page.get_by_label("I have read these texts and accept them.").all():  # the first time
        texts.check()
    page.get_by_role("button", name="Keep this seat and show the quote").click()
    expect(page.get_by_role("heading", name="Your change, line by line")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Leave it as it is").click()
    expect(page.get_by_text("Your booking is as it was")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), THEMES, ids=["telephone", "desktop"])
def test_a_failed_lab_and_what_is_waited_for_are_readable(window: Callable[..., Page], width, theme):
    page = window("candidate after a lab", width=width, dark=theme == "dark")
    for path in ("/labs/bookings/", "/labs/waiting/"):
        page.goto(path)
        page.locator("tbody th a").first.click()
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path


def _is_rejected(page: Page, link: str) -> bool:
    page.goto(link)
    return page.get_by_role("link", name="Appeal to the programme").count() == 1


def violations(page: Page) -> list[str]:
    """What axe finds wrong, with the first place of each."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]


def test_the_claim_form_keeps_a_draft_on_the_enter_key(window: Callable[..., Page]):
    page = window("candidate midway")
    begin(page, "requirements-to-topology")
    page.fill('[name="completed_on"]', LAST_WEEK)
    page.press('[name="completed_on"]', "Enter")
    expect(page.get_by_role("status").filter(has_text="Your draft is kept")).to_be_visible()
    expect(page.locator('[name="completed_on"]')).to_have_value(LAST_WEEK)


def test_what_is_entered_before_the_scripts_arrive_is_kept(window: Callable[..., Page], tmp_path: Path):
    """Over a slow connection the form can be filled in before any script listens."""
    certificate = tmp_path / "certificate.pdf"
    certificate.write_bytes(HEAD + TAIL)
    page = window("candidate midway")
    on_their_way: list[Route] = []

    def hold(route: Route) -> None:
        on_their_way.append(route)

    page.route(re.compile(r"/(htmx|page|forms|file-drop|claim-form)[^/]*\.js"), hold)
    page.goto("/claims/new/?item=quality-of-service-measured", wait_until="commit")
    page.set_input_files('[name="evidence"]', certificate)
    page.fill('[name="completed_on"]', LAST_WEEK)
    page.select_option('[name="provider"]', index=1)
    expect(page.locator("[data-file-name]")).to_be_empty()
    expect(page.locator("#checklist")).to_contain_text("It still needs")
    assert len(on_their_way) == 5
    for script in on_their_way:
        script.continue_()
    expect(page.locator("#claim-evidence").get_by_role("link", name="certificate.pdf")).to_be_visible()
    expect(page.locator("[data-kept-note]")).to_have_text("Kept as a draft.")
    expect(page.locator("#checklist")).to_contain_text("Everything is met")
    page.unroute_all()
    page.reload()
    expect(page.locator('[name="completed_on"]')).to_have_value(LAST_WEEK)
    expect(page.locator("#claim-evidence").get_by_role("link", name="certificate.pdf")).to_be_visible()


# ── Bad input ─────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("content", "scripts", "says"),
    [
        (b"This is not a PDF.", True, "is not a PDF, PNG or JPEG, whatever its name says"),
        (HEAD + bytes(11 * 1024 * 1024) + TAIL, True, "This file is larger than allowed"),
        (HEAD + bytes(11 * 1024 * 1024) + TAIL, False, "is larger than 10 MB"),
    ],
    ids=["text named pdf", "11 MB", "11 MB without scripts"],
)
def test_a_file_that_cannot_be_taken(window: Callable[..., Page], tmp_path: Path, content, scripts, says):
    file = tmp_path / "certificate.pdf"
    file.write_bytes(content)
    page = window("candidate midway", scripts=scripts)
    begin(page, "dig-40")
    fill(page, note="With the certificate.")
    page.set_input_files('[name="evidence"]', file)
    if not scripts:
        hand_in(page)
    expect(page.locator("#claim-evidence")).to_contain_text(says)
    expect(page.locator("#claim-evidence")).to_contain_text("Self-paced digital training needs it")  # nothing is kept
    expect(page.locator('[name="note"]')).to_have_value("With the certificate.")


def test_a_day_in_the_future(window: Callable[..., Page]):
    page = window("candidate midway")
    begin(page, "firewalls-in-depth")
    fill(page, completed_on=str(TODAY + timedelta(days=90)), note="Seen at the desk.")
    hand_in(page)
    expect(page.get_by_role("alert")).to_contain_text("CE-14")
    expect(page.locator('[name="completed_on"]')).to_have_value(str(TODAY + timedelta(days=90)))
    expect(page.locator('[name="note"]')).to_have_value("Seen at the desk.")


def test_a_double_click_makes_one_claim(window: Callable[..., Page]):
    page = window("candidate midway")
    begin(page, "ilt-64")
    fill(page)
    page.get_by_role("button", name="Hand in").dblclick()
    expect(page.get_by_text("Submitted").first).to_be_visible()
    page.goto("/claims/?q=Designing+Resilient+Enterprise+Networks")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_the_same_training_in_two_tabs(window: Callable[..., Page]):
    first = window("candidate midway")
    second = first.context.new_page()
    for tab in (first, second):
        begin(tab, "ilt-40")
    fill(first)
    hand_in(first)
    expect(first.get_by_text("Submitted").first).to_be_visible()
    fill(second, note="Typed in the second tab.")
    hand_in(second)
    expect(second.get_by_text("This training is claimed already")).to_be_visible()
    expect(second.get_by_role("alert")).to_contain_text("CR-04")
    expect(second.locator('[name="completed_on"]')).to_have_value(LAST_WEEK)
    expect(second.locator('[name="note"]')).to_have_value("Typed in the second tab.")


@pytest.mark.parametrize("noticed_by", ["the draft that saves itself", "handing in"])
def test_a_session_that_ends_in_the_middle_of_a_claim(
    live_stack: LiveStack, window: Callable[..., Page], noticed_by: str
):
    page = window("candidate midway")
    begin(page, "routing-that-survives")
    page.context.clear_cookies(name="sessionid")
    if noticed_by == "handing in":  # whichever comes first leads to the sign-in page, so only one is let through
        page.route("**/claims/draft/**", lambda route: route.abort())
        fill(page, note="Typed after the session had ended.")
        hand_in(page)
    else:
        page.fill('[name="completed_on"]', LAST_WEEK)
        page.press('[name="completed_on"]', "Tab")
    page.wait_for_url("**/accounts/login/**")
    email, password = live_stack.logins["candidate midway"]
    page.fill('[name="login"]', email)
    page.fill('[name="password"]', password)
    page.press('[name="password"]', "Enter")
    page.wait_for_url("**/claims/**")
    expect(page.get_by_role("heading", name="Routing That Survives")).to_be_visible()
    expect(page.locator('[name="completed_on"]')).to_have_value(LAST_WEEK)
    if noticed_by == "handing in":
        expect(page.locator('[name="note"]')).to_have_value("Typed after the session had ended.")


def test_others_claims_are_not_there(window: Callable[..., Page]):
    mira, tomas = window("candidate midway"), window("candidate one step from renewal")
    mira.goto("/claims/?state=waiting")
    theirs = [link.get_attribute("href") or "" for link in mira.locator("tbody th a").all()]
    assert theirs
    for address in theirs:
        assert_absent(tomas, address)


def test_a_reviewer_of_another_provider_sees_nothing(window: Callable[..., Page]):
    ruth, goran = window("reviewer"), window("reviewer of another provider")
    ruth.goto("/provider/")
    address = ruth.locator('a[href^="/provider/claims/"]').first.get_attribute("href") or ""
    ruth.goto(address)
    expect(ruth.get_by_role("heading", name="Your decision")).to_be_visible()
    assert_absent(goran, address)


def begin(page: Page, code: str) -> None:
    """Open the claim form of a training."""
    page.goto(f"/claims/new/?item={code}")
    expect(page.get_by_role("heading", name="Claim a training")).to_be_visible()


def fill(page: Page, *, completed_on: str = LAST_WEEK, note: str = "") -> None:
    page.fill('[name="completed_on"]', completed_on)
    page.fill('[name="note"]', note)


def hand_in(page: Page) -> None:
    page.get_by_role("button", name="Hand in").click()


def assert_absent(page: Page, address: str) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name=re.compile("There is nothing here"))).to_be_visible()
