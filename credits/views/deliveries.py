"""A provider's runs: scheduled, listed, and cancelled while nobody can have completed them (CAT-07)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from catalog import services
from catalog.access import MemberRequest, provider_member_required
from catalog.models import Delivery
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.pages import CONFLICT, UNPROCESSABLE
from credits.forms.provider_forms import DeliveryForm
from credits.reading import provider_overview as overview


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@provider_member_required
def deliveries(request: MemberRequest) -> HttpResponse:
    """The provider's runs, and a form for the next one."""
    provider, now = request.member.provider, clock.now()
    form = DeliveryForm(request.POST or None, provider=provider, day=clock.day_of(now))
    refusal = None
    if request.method == "POST" and form.is_valid():
        item = form.cleaned_data.pop("item")
        try:
            delivery = services.schedule_delivery(
                provider_id=provider.pk, item_id=item.pk, now=now, **form.cleaned_data
            )
        except Refused as refused:
            refusal = explain(refused.decision)
        else:
            messages.success(request, _("%(code)s is scheduled.") % {"code": delivery.code})
            return redirect("credits:deliveries")
    return _page(request, form, refusal, title=_("This delivery cannot be scheduled"))


@require_POST
@never_cache
@provider_member_required
def cancel_delivery(request: MemberRequest, delivery_id: int) -> HttpResponse:
    """Cancel a run of the provider's own."""
    provider, now = request.member.provider, clock.now()
    delivery = get_object_or_404(Delivery, pk=delivery_id, provider=provider)
    try:
        services.cancel_delivery(delivery_id=delivery.pk, now=now)
    except Refused as refused:
        form = DeliveryForm(None, provider=provider, day=clock.day_of(now))
        return _page(request, form, explain(refused.decision), title=_("This delivery cannot be cancelled"))
    messages.success(request, _("%(code)s is cancelled.") % {"code": delivery.code})
    return redirect("credits:deliveries")


def _page(request: MemberRequest, form: DeliveryForm, refusal: Explanation | None, *, title: str) -> HttpResponse:
    context = overview.deliveries_page(request.member.provider, request.GET, day=clock.day_of(clock.now()))
    context |= {"form": form, "refusal": refusal, "refused": title}
    status = CONFLICT if refusal else UNPROCESSABLE if form.errors else 200
    return render(request, "credits/provider/deliveries.html", context, status=status)
