"""The demonstration's own pages: the mail it keeps, and its clock. Outside the demonstration there are none."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from ceportal.demo import mailbox, travel
from ceportal.demo.forms import AddressForm, JourneyForm
from ceportal.demo.tasks import wake_travel
from ceportal.kernel import clock
from ceportal.kernel.pages import UNPROCESSABLE

LETTERS_A_PAGE = 30
STATE = "demo/clock_state.html"

View = Callable[..., HttpResponse]


def demo_only(view: View) -> View:
    """Outside the demonstration there is no such page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@demo_only
@never_cache
@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """The kept messages that the reader may see, the latest first."""
    reader = mailbox.reader_of(request)
    form = AddressForm(request.GET)
    to = form.cleaned_data["to"] if form.is_valid() else ""
    page = Paginator(mailbox.letters_for(reader, to=to), LETTERS_A_PAGE).get_page(request.GET.get("page"))
    pages = page.paginator.get_elided_page_range(page.number)
    return render(request, "demo/mail.html", {"page": page, "pages": pages, "reader": reader, "form": form, "to": to})


@demo_only
@never_cache
@require_safe
def letter(request: HttpRequest, name: str) -> HttpResponse:
    """One message; for anybody but its reader there is none."""
    found = mailbox.read_letter(name, mailbox.reader_of(request))
    if found is None:
        raise Http404
    return render(request, "demo/letter.html", {"letter": found})


@demo_only
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def clock_page(request: HttpRequest) -> HttpResponse:
    """Where the clock stands, how far a journey has come, and the form that begins one; for staff."""
    if not request.user.is_staff:
        raise Http404
    now = clock.now()
    form = JourneyForm(request.POST if "to" in request.POST else None)
    # A button without a day goes on with a journey that was interrupted.
    if request.method == "POST" and ("to" not in request.POST or _begin(form)):
        wake_travel()
        return redirect("demo:clock")
    context = {"journey": travel.journey_under_way(now=now), "form": form, "now": now, "most_days": travel.MOST_DAYS}
    if request.headers.get("HX-Request"):
        arrived = context["journey"] is None  # then the whole page is shown anew, with its banner and form
        return HttpResponse(headers={"HX-Refresh": "true"}) if arrived else render(request, STATE, context)
    return render(request, "demo/clock.html", context, status=UNPROCESSABLE if form.errors else 200)


def _begin(form: JourneyForm) -> bool:
    if not form.is_valid():
        return False
    try:
        travel.begin_journey(to=form.cleaned_data["to"], now=clock.now())
    except travel.CannotTravel as refusal:
        form.add_error("to", str(refusal))
        return False
    return True
