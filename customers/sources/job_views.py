"""How far a job is: its strip alone to htmx, which asks again every second; the source's page to a browser without scripts."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from bankos.platform.requests import StaffRequest

from . import jobs


@require_safe
@login_required
def job(request: StaffRequest, code: str, job_id: UUID) -> HttpResponse:
    found = jobs.job(job_id, actor=request.actor)
    if found.system != code:
        raise Http404
    if not request.htmx:
        return redirect(f"{reverse('source', args=[code])}#jobs")
    return render(request, "customers/sources/_job.html", {"job": found})
