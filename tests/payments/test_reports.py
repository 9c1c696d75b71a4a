"""Reports of a period are sums of transfers: revenue, tax by country and month, forfeits, refunds (PAY-04)."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from payments import services
from payments.gateway import GatewayRefund
from payments.models import Order
from payments.queries import balances
from payments.report_rules import Figures, Table
from payments.reports import reports
from payments.services.refunds import record_refund
from tests import factories
from tests.factories import day, noon
from tests.payments.conftest import change_lines, pay_at

pytestmark = pytest.mark.django_db
PAGE = "/admin/payments/transfer/reports/"
MARCH, APRIL = noon("2026-03-31"), noon("2026-04-01")
FEE, TAX = 160000, 33600


@pytest.fixture
def history(book: Any) -> Order:
    """In March a lab and a change are paid, one lab by a voucher; in April one is given back, one forfeited."""
    lab = book(factories.CandidateFactory.create(country="US"), now=MARCH)
    pay_at(lab, MARCH)
    changed = book(
        factories.CandidateFactory.create(country="US"), reference="2", lines=change_lines(country="JP"), now=MARCH
    )
    pay_at(changed, MARCH)
    candidate = factories.CandidateFactory.create(country="US")
    voucher = services.issue_voucher(candidate_id=candidate.pk, expires_on=day("2026-12-31"), now=MARCH)
    by_voucher = book(candidate, reference="3", country="BE", voucher_id=voucher.pk, now=MARCH)
    pay_at(by_voucher, MARCH)
    refund = services.request_refund(order_id=lab.pk, reason="Changed.", now=APRIL)
    record_refund(refund_id=refund.pk, answer=GatewayRefund("re_1", "succeeded", refund.amount_cents), now=APRIL)
    services.forfeit_fee(order_id=by_voucher.pk, kinds={"lab_fee"}, now=APRIL)
    return lab


def report(name: str, first: str, last: str) -> Table:
    return next(each for each in reports(first=day(first), last=day(last)) if each.report.name == name)


def figures(name: str, first: str, last: str) -> dict[tuple[str, ...], tuple[int, ...]]:
    return {row.about: row.cents for row in report(name, first, last).rows}


@pytest.mark.usefixtures("history")
class TestFigures:
    def test_revenue_by_kind(self) -> None:
        in_march = figures("revenue", "2026-03-01", "2026-03-31")
        late = in_march.pop(("reschedule_fee",))
        assert in_march == {("lab_fee",): (2 * FEE, FEE, 0, 0, 0, 3 * FEE)}
        assert late[0] == late[-1] > 0
        assert figures("revenue", "2026-04-01", "2026-04-30") == {("lab_fee",): (0, 0, 0, FEE, FEE, -2 * FEE)}

    def test_tax_by_country_and_month(self) -> None:
        both = figures("tax", "2026-03-01", "2026-04-30")
        assert both[("2026-03", "BE")] == (2 * TAX, 0, 2 * TAX)
        assert both[("2026-04", "BE")] == (0, TAX, -TAX)
        assert {month for month, _country in both} == {"2026-03", "2026-04"}
        assert ("2026-03", "JP") in both

    def test_forfeits_and_what_is_no_longer_forfeited(self, history: Order) -> None:
        assert figures("forfeits", "2026-04-01", "2026-04-30") == {("lab_fee",): (FEE, 0, FEE)}
        services.restore_fee(order_id=Order.objects.get(reference="3").pk, now=APRIL)
        assert figures("forfeits", "2026-04-01", "2026-04-30") == {("lab_fee",): (FEE, FEE, 0)}
        assert figures("revenue", "2026-04-01", "2026-04-30") == {("lab_fee",): (0, 0, FEE, FEE, FEE, -FEE)}

    def test_refunds_on_the_day_they_arrived(self) -> None:
        assert report("refunds", "2026-03-01", "2026-03-31").rows == ()
        assert figures("refunds", "2026-04-01", "2026-04-01") == {("2026-04",): (FEE + TAX, 0, FEE + TAX)}

    def test_they_are_the_balances_of_the_accounts(self) -> None:
        stands = {each.account: -each.cents for each in balances()}
        revenue = {
            f"revenue:{kind}": cents[-1] for (kind,), cents in figures("revenue", "2020-01-01", "2030-01-01").items()
        }
        assert revenue == {name: cents for name, cents in stands.items() if name.startswith("revenue:")}
        tax: dict[str, int] = {}
        for (_month, country), cents in figures("tax", "2020-01-01", "2030-01-01").items():
            tax[f"tax:{country}"] = tax.get(f"tax:{country}", 0) + cents[-1]
        assert tax == {name: cents for name, cents in stands.items() if name.startswith("tax:")}
        assert report("forfeits", "2020-01-01", "2030-01-01").totals == (
            Figures((), "USD", (FEE, 0, stands["forfeits"])),
        )

    def test_a_day_is_one_of_the_programme(self, settings: Any) -> None:
        settings.PROGRAMME_TIME_ZONE = "Pacific/Kiritimati"  # where it is fourteen hours later
        assert report("tax", "2026-03-31", "2026-03-31").rows == ()
        assert figures("tax", "2026-04-01", "2026-04-01")[("2026-04", "BE")] == (2 * TAX, 0, 2 * TAX)


# ── The page ──────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def accountant(client: Client) -> Client:
    """Staff who may look at transfers, and at nothing else."""
    user = factories.UserFactory.create(is_staff=True, second_factor=True)
    user.user_permissions.add(Permission.objects.get(codename="view_transfer"))
    client.force_login(user)
    return client


@pytest.mark.usefixtures("history")
class TestPage:
    def test_the_period_asked_for_with_the_transfers_behind_each_figure(
        self, accountant: Client, django_assert_max_num_queries: Any
    ) -> None:
        with django_assert_max_num_queries(12):
            page = accountant.get(PAGE, {"first": "2026-03-01", "last": "2026-03-31"})
        text = page.content.decode()
        assert page.status_code == 200
        assert "USD\N{NO-BREAK SPACE}3,200.00" in text
        assert "Nothing moved in this period." in text  # no forfeits, no refunds
        (row,) = [row for row in page.context["tables"][0]["rows"] if row["about"] == ["lab fee"]]
        behind = accountant.get(row["url"])
        assert behind.status_code == 200
        assert behind.context["cl"].result_count == 3  # two sales and a voucher

    def test_as_csv(self, accountant: Client) -> None:
        answer = accountant.get(f"{PAGE}tax.csv", {"first": "2026-03-01", "last": "2026-03-31"})
        assert answer["Content-Disposition"] == 'attachment; filename="tax-2026-03-01-2026-03-31.csv"'
        lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
        assert lines[0][:6] == ["From", "To", "Month", "Country", "Currency", "Charged (cents)"]
        assert ["2026-03-01", "2026-03-31", "2026-03", "BE", "USD", str(2 * TAX), "672.00", "0", "0.00"] == lines[1][:9]

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({"first": "2026-03-31", "last": "2026-03-01"}, "The last day is not before the first."),
            ({"first": "yesterday"}, "Enter a valid date."),
            ({"last": "9999-12-31"}, "This is too far ahead."),
        ],
    )
    def test_a_period_that_is_none_is_said_and_stays(
        self, asked: dict[str, str], said: str, accountant: Client
    ) -> None:
        for address in (PAGE, f"{PAGE}tax.csv"):
            page = accountant.get(address, asked)
            assert page.status_code == 400
            assert said in page.content.decode()
            assert f'value="{next(iter(asked.values()))}"' in page.content.decode()

    def test_there_is_no_other_report(self, accountant: Client) -> None:
        assert accountant.get(f"{PAGE}profit.csv").status_code == 404

    def test_who_may_not_look_at_transfers_sees_none(self, client: Client) -> None:
        client.force_login(factories.UserFactory.create(is_staff=True, second_factor=True))
        for address in (PAGE, f"{PAGE}tax.csv"):
            assert client.get(address).status_code == 403
        client.logout()
        assert client.get(PAGE).status_code == 302
