"""Long work, for who may see it: all of it on one page, and each job as a strip that shows how far it is."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from bankos.platform import jobs
from bankos.platform.actors import OVERSEEING
from bankos.platform.requests import StaffRequest


@require_safe
@login_required
def all_jobs(request: StaffRequest) -> HttpResponse:
    """What is under way, then what was done last."""
    if OVERSEEING.isdisjoint(request.actor.roles):
        raise Http404
    return render(request, "console/jobs.html", {"jobs": jobs.all_for(request.actor)})


@require_safe
@login_required
def job(request: StaffRequest, job_id: UUID) -> HttpResponse:
    """One strip, for htmx; without it, the page the job belongs to."""
    found = jobs.one_for(job_id, actor=request.actor)
    if found is None:
        raise Http404
    if not request.htmx:
        return redirect(found.page)
    return render(request, "components/job.html", {"job": found})
