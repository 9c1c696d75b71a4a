"""Pages of the texts that people accept: a candidate's list, and each version to read and to print."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from candidates import agreement_pages, services
from candidates.access import CandidateRequest, candidate_required, client_address
from candidates.models import Agreement
from candidates.rules import Asked
from ceportal.kernel import clock
from ceportal.kernel.pages import UNPROCESSABLE, translated


class AcceptForm(forms.Form):
    """A version that was read, in which language, and the box below it."""

    use_required_attribute = False

    kind = forms.ChoiceField(choices=Agreement.Kind, widget=forms.HiddenInput)
    version = forms.CharField(max_length=20, widget=forms.HiddenInput)
    language = forms.CharField(max_length=10, widget=forms.HiddenInput)
    accept = forms.BooleanField(
        label=gettext_lazy("I have read this text and accept it."),
        error_messages={"required": gettext_lazy("Tick the box to accept the text.")},
    )


def language_asked(request: HttpRequest, otherwise: str) -> str:
    """The language that the address asks a text in."""
    asked = request.GET.get("language", "")
    return asked if asked in dict(settings.LANGUAGES) else otherwise


@translated
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@candidate_required
def agreement_list(request: CandidateRequest) -> HttpResponse:
    """All texts with what was accepted and what waits; a POST accepts one that waits."""
    form = AcceptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _accept(request, form)
    language = language_asked(request, request.candidate.language)
    page = agreement_pages.agreements_page(request.candidate, language=language, now=clock.now())
    context = {"page": page, "form": form, "candidate": request.candidate}
    return render(request, "candidates/agreements/list.html", context, status=UNPROCESSABLE if form.is_bound else 200)


def _accept(request: CandidateRequest, form: AcceptForm) -> HttpResponse:
    """Accept a text that waits. One that does not is asked for elsewhere, where a clause needs it."""
    kind, version, language = (form.cleaned_data[name] for name in ("kind", "version", "language"))
    line = agreement_pages.line_of(request.candidate, kind, language=language, now=clock.now())
    if line is None or line.state == Asked.LATER:
        messages.info(request, _("Nothing of this waits for you. It is asked for where it is needed."))
        return redirect("candidates:agreements")
    try:
        services.accept_agreement(
            candidate_id=request.candidate.id,
            kind=kind,
            version=version,
            language=language,
            ip_address=client_address(request),
            now=clock.now(),
        )
    except Agreement.DoesNotExist:
        messages.warning(request, _("The text was replaced while you read it. This is the new version."))
    else:
        messages.success(request, _("You accepted the text. It stands below with its moment."))
    return redirect(f"{reverse('candidates:agreements')}#{kind}")


@translated
@require_safe
@never_cache
def agreement(request: HttpRequest, kind: str, version: str) -> HttpResponse:
    """A version to read and to print, in each of its languages, for anybody; a draft is for staff alone (preview)."""
    found = agreement_pages.version_of(kind, version)
    if found is None or (found.published_at is None and not request.user.has_perm("candidates.view_agreement")):
        raise Http404
    words = found.words_in(language_asked(request, get_language() or settings.LANGUAGE_CODE))
    context = {
        "agreement": found,
        "words": words,
        "languages": agreement_pages.languages_of(found, words),
        "in_force": found.effective_on <= clock.day_of(clock.now()),
    }
    return render(request, "candidates/agreements/text.html", context)
