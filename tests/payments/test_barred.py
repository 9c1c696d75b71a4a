"""A sanction bars from paying (CAND-02): one for exams only from paying for exams, any other from everything."""

from __future__ import annotations

import pytest

from candidates.services import confirm_sanction, propose_sanction
from ceportal.kernel.decisions import Refused
from payments import services
from payments.models import Payment
from tests import factories
from tests.factories import day
from tests.payments.conftest import RETURN, topics

pytestmark = pytest.mark.django_db


@pytest.fixture
def sanctioned(now):
    """A candidate in Belgium, sanctioned as told."""
    candidate = factories.CandidateFactory.create(country="BE")

    def sanction(**reach):
        proposer, decider = (factories.UserFactory.create(staff=True) for _either in range(2))
        values = {"candidate_id": candidate.id, "clause": "EXAM-12", "statement": "Forged a code.", "now": now}
        proposed = propose_sanction(staff_id=proposer.id, **values, **reach)
        confirm_sanction(sanction_id=proposed.id, staff_id=decider.id, now=now)
        return candidate

    return sanction


@pytest.mark.parametrize(
    ("_case", "reach", "purpose", "refused"),
    [
        ("for exams only, the lab", {"permanent": False, "exams_only": True}, "lab_booking", True),
        ("for exams only, the re-read", {"permanent": False, "exams_only": True}, "reread", True),
        ("for exams only, the fee", {"permanent": False, "exams_only": True}, "admin_fee", False),
        ("for a while, the fee", {"permanent": False, "exams_only": False}, "admin_fee", True),
        ("for life, the lab", {"permanent": True, "exams_only": False}, "lab_booking", True),
    ],
)
def test_who_is_barred_cannot_pay(sanctioned, book, now, payments_gateway, _case, reach, purpose, refused):
    candidate = sanctioned(**reach)
    order = book(candidate, purpose=purpose)
    if not refused:
        assert services.start_payment(order_id=order.id, now=now, **RETURN).page_url
        return
    with pytest.raises(Refused) as refusal:
        services.start_payment(order_id=order.id, now=now, **RETURN)
    assert refusal.value.decision.clauses_unmet == ("CAND-02", "EXAM-12")
    assert not Payment.objects.exists()
    assert topics(order) == ["order_opened"]


def test_who_is_barred_cannot_pay_by_voucher_either(sanctioned, book, now):
    candidate = sanctioned(permanent=False, exams_only=True)
    voucher = services.issue_voucher(candidate_id=candidate.id, expires_on=day("2031-01-01"), now=now)
    order = book(candidate)
    with pytest.raises(Refused) as refusal:
        services.redeem_voucher(order_id=order.id, code=voucher.code, candidate_id=candidate.id, now=now)
    assert refusal.value.decision.clauses_unmet == ("CAND-02", "EXAM-12")
    voucher.refresh_from_db()
    assert voucher.status == "unused"
