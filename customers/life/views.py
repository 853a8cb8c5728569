"""The pages of a customer's life and wishes."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from bankos.platform.requests import StaffRequest
from sentinel.authority import NotPermitted

from .. import state
from .after import after
from .forms import FORMS, AfterForm, WordForm
from .reading import life_of
from .recording import NotSayable, record

TITLES = {"need": "Something to take care of", "event": "A life event", "goal": "A goal", "preference": "A preference"}


@require_safe
@login_required
def life(request: StaffRequest, party_id: UUID) -> HttpResponse:
    """Everything said, with ways to add and change."""
    names = state.names_of([party_id], actor=request.actor)
    found = life_of(party_id, actor=request.actor, at=request.now)
    return render(request, "customers/life/life.html", {"party_id": party_id, "name": names[party_id], "life": found})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def add(request: StaffRequest, party_id: UUID, what: str) -> HttpResponse:
    """Write down something new."""
    name = state.names_of([party_id], actor=request.actor).get(party_id)
    if name is None or what not in FORMS:
        raise Http404
    form = FORMS[what](request.POST or None)
    return _written(request, party_id, form, {"name": name, "title": TITLES[what]})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change(request: StaffRequest, party_id: UUID, what: str, key: str) -> HttpResponse:
    """Write down what has become of something."""
    name = state.names_of([party_id], actor=request.actor).get(party_id)
    thing = after(life_of(party_id, actor=request.actor, at=request.now), what, key) if name else None
    if thing is None:
        raise Http404
    return _written(request, party_id, AfterForm(request.POST or None, after=thing), {"name": name, "title": thing.title})


def _written(request: StaffRequest, party_id: UUID, form: WordForm, context: dict[str, object]) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            record(party_id, said=form.said(), channel=form.cleaned_data["channel"], actor=request.actor, at=request.now)
        except (NotPermitted, NotSayable) as error:
            form.add_error(None, str(error))
        else:
            return redirect("customer-life", party_id)
    context |= {"party_id": party_id, "form": form}
    return render(request, "customers/life/word.html", context, status=422 if form.errors else 200)
