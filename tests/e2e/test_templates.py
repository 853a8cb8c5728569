"""What no template may hold: it would be blocked by the content security policy, or fail open without it being seen."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from bankos.console.management.commands.icons import SPRITE, used

TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))

FORBIDDEN = {
    "an inline style": re.compile(r"<[^>]*\sstyle\s*=|<style\b", re.IGNORECASE),
    "an inline script": re.compile(r"<script\b(?![^>]*\bsrc=)", re.IGNORECASE),
    "an inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on": re.compile(r"\bhx-on\b", re.IGNORECASE),
    "a script expression": re.compile(r"['\"]\s*(js|javascript):", re.IGNORECASE),
    "hx-vars": re.compile(r"\bhx-vars\b"),
    "a trigger filter: htmx 2 lets every event through when it may not evaluate one": re.compile(r"hx-trigger=\"[^\"]*\["),
    "unescaped output: only the chart and icon tags may build markup": re.compile(r"\|\s*safe\b|{%\s*autoescape off"),
}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_a_template_holds_nothing_the_policy_would_block(template: Path) -> None:
    text = template.read_text()

    found = [name for name, pattern in FORBIDDEN.items() if pattern.search(text)]

    assert found == []


def test_htmx_may_not_evaluate_or_keep_pages() -> None:
    base = Path(settings.BASE_DIR, "templates/base.html").read_text()

    for setting in ('"allowEval":false', '"includeIndicatorStyles":false', '"historyCacheSize":0', '"allowScriptTags":false'):
        assert setting in base


def test_htmx_is_the_pinned_version_and_the_only_one() -> None:
    files = list(Path(settings.BASE_DIR, "static/vendor").glob("htmx*.js"))

    assert [file.name for file in files] == ["htmx-2.0.11.min.js"]
    assert 'version:"2.0.11"' in files[0].read_text()


def test_every_icon_named_is_in_the_sprite_and_no_other() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z0-9-]+)"', SPRITE.read_text()))

    assert drawn == used()


def test_every_other_form_that_changes_something_carries_the_csrf_token() -> None:
    for template in TEMPLATES:
        for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", template.read_text(), re.IGNORECASE | re.DOTALL):
            assert "{% csrf_token %}" in form, template
