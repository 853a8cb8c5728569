"""How a person wants the console to look and react."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import ModelForm, RadioSelect
from django.http import HttpResponse
from django.shortcuts import redirect, render

from bankos.platform.requests import StaffRequest

from .models import Display


class DisplayForm(ModelForm):
    class Meta:
        model = Display
        fields = ("theme", "density", "single_keys")
        widgets = {"theme": RadioSelect, "density": RadioSelect}


@login_required
def settings(request: StaffRequest) -> HttpResponse:
    """Show the choices; keep them on POST."""
    display = Display.objects.filter(user=request.user).first() or Display(user=request.user)
    form = DisplayForm(request.POST or None, instance=display)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("settings")
    return render(request, "console/settings.html", {"form": form}, status=422 if form.errors else 200)
