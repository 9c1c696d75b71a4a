"""Pages about vouchers: the own list, and paying an order by one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from candidates.access import CandidateRequest, candidate_required
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE
from payments import queries, services
from payments.forms import VoucherForm
from payments.order_pages import PAID_BY_VOUCHER, card_service_trouble, order_context, own_order


@require_GET
@never_cache
@candidate_required
def voucher_list(request: CandidateRequest) -> HttpResponse:
    """The candidate's vouchers, the latest first: what they are worth and until when."""
    vouchers = queries.vouchers_of(request.candidate)
    return render(request, "payments/voucher_list.html", {"vouchers": vouchers})


@require_POST
@candidate_required
def use_voucher(request: CandidateRequest, number: str) -> HttpResponse:
    """Pay an order by a voucher, as far as that goes; the card page is closed first, if it is open."""
    order, now = own_order(request, number), clock.now()
    if order.purpose not in PAID_BY_VOUCHER:
        raise Http404
    form = VoucherForm(request.POST, order=order, day=clock.day_of(now))
    context: dict[str, Any] = {"voucher_form": form}
    if not form.is_valid():
        return render(request, "payments/order.html", order_context(request, number) | context, status=UNPROCESSABLE)
    try:
        _use(request, order.pk, form, now)
    except Refused as refusal:
        context |= {"refusal": explain(refusal.decision)}
        return render(request, "payments/order.html", order_context(request, number) | context, status=CONFLICT)
    except services.CardServiceUnavailable:
        messages.error(request, card_service_trouble())
    else:
        messages.success(request, _("Your voucher pays the fee of this order."))
    return redirect("payments:order", number=number)


def _use(request: CandidateRequest, order_id: int, form: VoucherForm, now: datetime) -> None:
    services.stop_payment(order_id=order_id, now=now)
    voucher_id, candidate_id = form.cleaned_data.get("voucher"), request.candidate.pk
    if voucher_id is not None:
        services.use_voucher(order_id=order_id, voucher_id=voucher_id, now=now)
        return
    address = get_adapter(request).get_client_ip(request)
    with services.counting_codes(candidate_id=candidate_id, address=address, now=now):
        services.redeem_voucher(order_id=order_id, code=form.cleaned_data["code"], candidate_id=candidate_id, now=now)
