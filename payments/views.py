"""Pages about money, and the address at which the card service tells what happened."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import RequestDataTooBig
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from candidates.access import CandidateRequest, candidate_required
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE
from payments import papers, queries, services, tasks
from payments.forms import DetailsForm
from payments.gateway import InvalidSignature
from payments.models import CreditNote, Invoice, Order, Payment
from payments.order_pages import card_service_trouble, order_context, own_order

log = structlog.get_logger(__name__)

PER_PAGE = 25
LONGEST_EVENT = 512 * 1024  # bytes; Stripe's events stay well below
ASK_AT_MOST = 45  # every two seconds; then the page waits for the reader


@require_GET
@never_cache
@candidate_required
def order_detail(request: CandidateRequest, number: str) -> HttpResponse:
    """An order: what it asks for and why, how it stands, and the button that pays it."""
    return render(request, "payments/order.html", order_context(request, number))


@require_POST
@candidate_required
def start_payment(request: CandidateRequest, number: str) -> HttpResponse:
    """Keep what the invoice is to name, and go to the card page; a second press goes to the same one."""
    order, form = own_order(request, number), DetailsForm(request.POST)
    if not form.is_valid():
        context = order_context(request, number) | {"details_form": form}
        return render(request, "payments/order.html", context, status=UNPROCESSABLE)
    back = settings.BASE_URL + reverse("payments:return", args=[number])
    try:
        payment = _agree_and_pay(order, form, back=back, now=clock.now())
    except Refused as refusal:
        context = order_context(request, number) | {"refusal": explain(refusal.decision)}
        return render(request, "payments/order.html", context, status=CONFLICT)
    except services.CardServiceUnavailable:
        messages.error(request, card_service_trouble())
        return redirect("payments:order", number=number)
    return redirect(payment.page_url)


def _agree_and_pay(order: Order, form: DetailsForm, *, back: str, now: datetime) -> Payment:
    given = form.cleaned_data
    if order.status == Order.Status.OPEN:  # kept first: what was typed is there again wherever paying leads to
        services.give_invoice_details(order_id=order.pk, company=given["company"], address=given["address"], now=now)
    return services.start_payment(
        order_id=order.pk, success_url=back, cancel_url=f"{back}?left=1", shown_cents=given["shown_cents"], now=now
    )


@require_POST
@candidate_required
def give_invoice_details(request: CandidateRequest, number: str) -> HttpResponse:
    """Say what the invoice of an order is to name, as long as it is not issued (PAY-03)."""
    order_id, form = own_order(request, number).pk, DetailsForm(request.POST)
    context: dict[str, Any] = {"details_form": form}
    if not form.is_valid():
        return render(request, "payments/order.html", order_context(request, number) | context, status=UNPROCESSABLE)
    given = form.cleaned_data
    try:
        services.give_invoice_details(
            order_id=order_id, company=given["company"], address=given["address"], now=clock.now()
        )
    except Refused as refusal:
        context = order_context(request, number) | {"refusal": explain(refusal.decision)}
        return render(request, "payments/order.html", context, status=CONFLICT)
    messages.success(request, _("The invoice will name what you gave."))
    return redirect("payments:order", number=number)


@require_GET
@never_cache
@candidate_required
def return_from_card_page(request: CandidateRequest, number: str) -> HttpResponse:
    """Where the card page sends people back to: ask at once how it went, and say so."""
    order_id = own_order(request, number).pk
    asked = int(request.GET["asked"]) if request.GET.get("asked", "").isdecimal() else 0
    try:
        services.refresh_order(order_id=order_id, now=clock.now())
    except services.CardServiceUnavailable:
        log.warning("return_not_answered", order=number)
    if request.GET.get("left"):
        return redirect("payments:order", number=number)
    context = order_context(request, number)
    waiting = context["standing"].may_be_settled_soon
    context |= {"waiting": waiting, "next_ask": asked + 1 if asked < ASK_AT_MOST else None}
    return render(request, "payments/order.html", context)


@require_GET
@candidate_required
def invoice_list(request: CandidateRequest) -> HttpResponse:
    """What was asked for, paid and invoiced, the latest first."""
    paginator = Paginator(queries.orders_of(request.candidate), PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    context = {"page": page, "pages": paginator.get_elided_page_range(page.number)}
    return render(request, "payments/invoice_list.html", context)


@require_GET
@login_required
def invoice_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """An invoice as PDF, for its owner and for staff."""
    try:
        invoice = queries.invoice_for(user=request.user, number=number)
    except Invoice.DoesNotExist as missing:
        raise Http404 from missing
    return _paper(invoice)


@require_GET
@login_required
def credit_note_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """A credit note as PDF, for its owner and for staff."""
    try:
        note = queries.credit_note_for(user=request.user, number=number)
    except CreditNote.DoesNotExist as missing:
        raise Http404 from missing
    return _paper(note)


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> JsonResponse:
    """Keep what the card service says, answer, and follow it up in a task; a bad signature changes nothing."""
    try:
        body = request.body
    except RequestDataTooBig:
        return JsonResponse({"error": "The message is too long."}, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if len(body) > LONGEST_EVENT:
        return JsonResponse({"error": "The message is too long."}, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        event = services.store_event(body=body, signature=request.headers.get("Stripe-Signature", ""), now=clock.now())
    except InvalidSignature:
        return JsonResponse({"error": "The signature is missing, wrong or too old."}, status=HTTPStatus.BAD_REQUEST)
    if event.processed_at is None:
        transaction.on_commit(partial(tasks.wake_processing, event.id))
    return JsonResponse({"received": event.stripe_id})


def _paper(paper: Invoice | CreditNote) -> HttpResponse:
    headers = {
        "Content-Disposition": f'inline; filename="{paper.number}.pdf"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(papers.set_paper(paper), content_type="application/pdf", headers=headers)
