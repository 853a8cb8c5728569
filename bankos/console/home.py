"""Where a person starts."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect

from bankos.platform.requests import StaffRequest

from .context import home_of


@login_required
def home(request: StaffRequest) -> HttpResponse:
    """Work for those who serve customers, decisions for those who oversee."""
    return redirect(home_of(request.actor))
