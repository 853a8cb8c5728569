"""Handing files in, and having one read that waited."""

import tempfile
from pathlib import Path
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from bankos.platform import scratch
from bankos.platform.requests import StaffRequest
from sentinel.actions import NotPossible
from sentinel.authority import NotPermitted

from . import looking, receiving
from .access import may_run, system_for


class FileForm(forms.Form):
    file = forms.FileField(
        label="File",
        max_length=200,
        allow_empty_file=True,
        help_text=f"As the system wrote it, plain or gzip, at most {receiving.LARGEST_MEGABYTES} MB. It is read in the background.",
        widget=forms.FileInput(attrs={"class": "input"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def receive(request: StaffRequest, code: str) -> HttpResponse:
    """Keep a file and have it read."""
    system = system_for(code, actor=request.actor)
    if not may_run(request.actor):
        raise Http404
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload: UploadedFile = form.cleaned_data["file"]
        try:
            _receive(request, code, upload)
        except (NotPermitted, NotPossible) as error:
            form.add_error("file", str(error))
        else:
            return redirect(f"{reverse('source', args=[code])}#jobs")
    return render(request, "customers/sources/receive.html", {"form": form, "source": system}, status=422 if form.errors else 200)


def _receive(request: StaffRequest, code: str, upload: UploadedFile) -> None:
    """Large uploads lie in a file already; small ones come in memory and are written to one."""
    name = upload.name or "file"
    if hasattr(upload, "temporary_file_path"):
        receiving.receive(code, Path(upload.temporary_file_path()), name=name, actor=request.actor, at=request.now)
        return
    with tempfile.NamedTemporaryFile(dir=scratch.folder()) as target:
        for part in upload.chunks():
            target.write(part)
        target.flush()
        receiving.receive(code, Path(target.name), name=name, actor=request.actor, at=request.now)


@require_POST
@login_required
def read(request: StaffRequest, code: str, file_id: UUID) -> HttpResponse:
    """Have a file read that waits or stopped."""
    if looking.file_for(file_id, actor=request.actor).system_id != code:
        raise Http404
    try:
        receiving.read_again(file_id, actor=request.actor, at=request.now)
    except (NotPermitted, NotPossible) as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('source', args=[code])}#jobs")
