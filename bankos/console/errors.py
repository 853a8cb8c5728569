"""The page for our own faults: it must not need anything that may be broken."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static


def server_error(request: HttpRequest) -> HttpResponse:
    return HttpResponse(render_to_string("500.html", {"stylesheet": static("css/console.css")}), status=500)
