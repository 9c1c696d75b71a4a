"""A person's own tokens for programs: made with the scopes they choose, shown once, withdrawn at any moment."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from candidates.access import CandidateRequest, candidate_required
from candidates.token_forms import TokenForm
from ceportal.kernel import clock
from ceportal.kernel.pages import UNPROCESSABLE
from ceportal.partner_api import queries, services
from ceportal.partner_api.models import PersonalToken

SHOWN_ONCE = "personal_token"  # in the session, from its making to the page that shows it


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
@reauthentication_required
def tokens(request: CandidateRequest) -> HttpResponse:
    """All tokens of the person, and the form for another."""
    now = clock.now()
    user_id = _user_id(request)
    form = TokenForm(request.POST or None, taken=queries.names_in_use(user_id, now=now))
    if request.method == "POST" and form.is_valid():
        token, secret = services.create_personal_token(
            user_id=user_id,
            name=form.cleaned_data["name"],
            allowed=form.cleaned_data["scopes"],
            days=form.cleaned_data["days"],
            now=now,
        )
        get_adapter().send_notification_mail("account/email/token_made", request.user, {"name": token.name})
        request.session[SHOWN_ONCE] = secret
        return redirect("candidates:tokens")
    context = {
        "tokens": queries.personal_tokens(user_id, now=now),
        "form": form,
        "secret": request.session.pop(SHOWN_ONCE, ""),
    }
    return render(request, "candidates/tokens.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_POST
@candidate_required
def withdraw_token(request: CandidateRequest, token_id: int) -> HttpResponse:
    """Withdraw one of one's own tokens."""
    try:
        token = services.withdraw_personal_token(user_id=_user_id(request), token_id=token_id, now=clock.now())
    except PersonalToken.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The token “%(name)s” is good no more.") % {"name": token.name})
    return redirect("candidates:tokens")


def _user_id(request: CandidateRequest) -> int:
    assert request.candidate.user_id is not None  # the record by which they came in
    return request.candidate.user_id
