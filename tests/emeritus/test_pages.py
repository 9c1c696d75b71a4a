"""The page of Emeritus in every state that a holder can be in, and the button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate
from catalog.models import ProviderMember
from ceportal.kernel import clock
from emeritus.models import EmeritusPurchase
from payments.models import Order
from tests.credits.pages import text_of
from tests.emeritus.conftest import Buyer
from tests.factories import CandidateFactory, noon

pytestmark = pytest.mark.django_db
PAGE, BUY, DASHBOARD = reverse("emeritus:page"), reverse("emeritus:buy"), reverse("credits:dashboard")


@pytest.fixture
def see(client: Client, buyer: Buyer) -> Callable[..., str]:
    """The words of a page on the day of the story."""
    client.force_login(buyer.candidate.user)

    def words(address: str = PAGE) -> str:
        with clock.standing_at(buyer.now):
            return text_of(client.get(address))

    return words


def post(client: Client, buyer: Buyer, **data: Any) -> Any:
    with clock.standing_at(buyer.now):
        return client.post(BUY, data)


def test_who_may_see(client: Client, bob: ProviderMember) -> None:
    assert client.get(PAGE).url == f"{reverse('account_login')}?next={PAGE}"
    assert client.post(BUY).url == f"{reverse('account_login')}?next={BUY}"
    client.force_login(bob.user)
    assert client.get(PAGE).url == reverse("candidates:link")
    assert client.post(BUY).url == reverse("candidates:link")


def test_somebody_without_such_a_certification(client: Client) -> None:
    client.force_login(CandidateFactory.create(login=True).user)
    assert "None of your certifications can be in Emeritus" in text_of(client.get(PAGE))


def test_far_from_it(buyer: Buyer, see: Callable[..., str]) -> None:
    page = see()
    assert "The next window opens on 1 March 2021 (in 50 days)" in page
    assert "It belongs to your anniversary on 1 June 2021, with 11 years." in page
    assert "CCIE Security 1 June 2010 1 June 2018 unbroken by the certification records" in page
    assert "Continue to payment" not in page
    assert "Emeritus of the CCIE can be bought 1 March 2021" in see(DASHBOARD)


def test_in_the_window_with_the_price_of_today_and_of_later(buyer: Buyer, see: Callable[..., str]) -> None:
    """EMR-03, EMR-04, EMR-15, PAY-01."""
    Candidate.objects.update(country="BE")
    page = buyer.to("2021-05-20") and see()
    assert "The term from 1 June 2021 to 1 June 2022 is on offer" in page
    assert "Paid today Emeritus fee USD 85.00 Tax, 21 % (Belgium) USD 17.85 To pay USD 102.85" in page
    assert "Paid after 1 June 2021 Emeritus fee USD 85.00 Late fee USD 50.00" in page
    assert "To pay USD 163.35" in page
    assert "A renewal of lower certifications" in page
    assert "Last day to buy Emeritus of the CCIE 31 July 2021" in see(DASHBOARD)


def test_the_warning_must_be_confirmed(client: Client, buyer: Buyer, see: Callable[..., str]) -> None:
    """EMR-09."""
    buyer.certify("ccde", "2015-09-01", "2018-06-01")
    buyer.to("2021-05-20")
    assert "You also hold a CCDE of 5 years, which cannot be in Emeritus yet." in see()
    answer = post(client, buyer, family="ccie")
    assert answer.status_code == 422
    assert "This term cannot be bought now" in text_of(answer)
    assert not Order.objects.exists()

    answer = post(client, buyer, family="ccie", confirmed="on")

    assert answer.url == reverse("payments:order", args=[Order.objects.get().number])


def test_in_grace(buyer: Buyer, see: Callable[..., str]) -> None:
    page = buyer.to("2021-06-10") and see()
    assert "In grace: the last day to buy or to recertify is 31 July 2021 (in 51 days)" in page
    assert "The anniversary was on 1 June 2021: the late fee is due." in page
    assert "Your active status has ended, and can still be kept" in see(DASHBOARD)


def test_bought_and_in_emeritus(client: Client, buyer: Buyer, see: Callable[..., str]) -> None:
    """EMR-07, EMR-14."""
    buyer.to("2021-05-20").buy()
    assert "Your term is bought, up to 1 June 2022" in see()
    assert "Emeritus from 1 June 2021" in see(DASHBOARD)
    page = buyer.to("2021-06-01") and see()
    assert "In Emeritus until 1 June 2022" in page
    assert "The next term can be bought from 1 March 2022 on (in 273 days)" in page
    assert "Download the Emeritus logo" in page
    assert "CCIE 1 June 2021 1 June 2022 20 May 2021 USD 85.00" in page
    number = buyer.candidate.certifications.get().number
    assert "Emeritus until 1 June 2022" in see(reverse("candidates:certification", args=[number]))
    with clock.standing_at(buyer.now):
        (answer,) = client.get("/api/v1/me/certifications").json()
    assert (answer["status"], answer["counts"]) == ("emeritus", False)  # EMR-15


def test_lifetime(buyer: Buyer, see: Callable[..., str]) -> None:
    """EMR-11, EMR-14: its logo replaces that of Emeritus."""
    buyer.candidate.certifications.update(first_certified_on="2001-06-01")
    page = buyer.to("2021-06-01") and see()
    assert "Yours for life" in page
    assert "Download the Lifetime logo" in page
    assert "Continue to payment" not in page
    assert "Your Lifetime Emeritus stays for good." in see(DASHBOARD)


def test_active_through_the_term_and_lost(buyer: Buyer, see: Callable[..., str]) -> None:
    buyer.to("2021-01-20").sit("400-007")
    page = buyer.to("2021-03-10") and see()
    assert "You stay active through the whole of the term from 1 June 2021 to 1 June 2022" in page
    page = buyer.to("2024-01-20") and see()
    assert "Inactive since 20 January 2024" in page
    assert "Emeritus cannot be bought any more." in page


def test_another_family_or_a_day_without_offer_is_refused(
    client: Client, buyer: Buyer, see: Callable[..., str]
) -> None:
    assert see()
    assert post(client, buyer, family="ccna").status_code == 400
    answer = post(client, buyer, family="ccie")
    assert answer.status_code == 422
    assert "EMR-02" in text_of(answer)
    assert not EmeritusPurchase.objects.exists()


def test_the_page_asks_a_fixed_number_of_questions(
    client: Client, buyer: Buyer, django_assert_max_num_queries: Any
) -> None:
    buyer.certify("ccie-collaboration", "2014-01-01", "2018-06-01")
    buyer.certify("ccde", "2015-09-01", "2018-06-01")
    client.force_login(buyer.candidate.user)
    with clock.standing_at(noon("2021-05-20")), django_assert_max_num_queries(12):
        client.get(PAGE)
