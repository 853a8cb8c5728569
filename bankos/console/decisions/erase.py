"""Erasing a customer: a form that says what will be gone and what the law keeps, and a second person."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bankos.platform.actors import Role
from bankos.platform.requests import StaffRequest
from customers import state
from customers.rights import erasing, holds
from sentinel import erasure
from sentinel.actions import NotPossible


class EraseForm(forms.Form):
    reason = forms.CharField(label="Reason", max_length=300, widget=forms.TextInput(attrs={"class": "input"}))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def erase(request: StaffRequest, party_id: UUID) -> HttpResponse:
    """Ask for it; to everybody but compliance officers the page does not exist."""
    if Role.COMPLIANCE not in request.actor.roles:
        raise Http404
    person = state.state_of(party_id, actor=request.actor, at=request.now)
    form = EraseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = erasure.erase(party_id, actor=request.actor, reason=form.cleaned_data["reason"], at=request.now)
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            if done.request_id:
                messages.info(request, f"Waits for a second person. {done.sentence}")
                return redirect("approval", done.request_id)
            form.add_error(None, f"Not allowed. {done.sentence}")
    context = {
        "person": person,
        "form": form,
        "plan": erasing.plan_of(party_id, at=request.now),
        "holds": holds.holds_of(party_id, at=request.now),
    }
    return render(request, "sentinel/erase.html", context, status=422 if form.errors else 200)
