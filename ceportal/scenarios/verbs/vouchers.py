"""Expert exam vouchers."""

from __future__ import annotations

from datetime import date

from ceportal.scenarios.binding import Act, does
from payments.models import Voucher
from payments.services import issue_voucher


@does("voucher")
def voucher(act: Act, *, expires_on: date, for_: str = "") -> int:
    """Issue a voucher to the person, or to whom `for` names."""
    holder = act.stage.somebody(for_) if for_ else act.candidate
    staff = act.stage.staff()
    return issue_voucher(candidate_id=holder.pk, expires_on=expires_on, issued_by_id=staff.pk, now=act.now).pk


def code_of(act: Act, label: str) -> str:
    """The code of the voucher that a label names."""
    return Voucher.objects.get(pk=act.stage.key_of(label)).code
