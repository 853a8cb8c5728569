"""Every address of the project, from its URL configuration, with what stands for its arguments."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

CHANGING = ("post", "put", "patch", "delete")


@dataclass(frozen=True)
class Address:
    """One URL pattern: its path with places for its arguments, and what answers there."""

    template: str
    arguments: tuple[str, ...]
    answers: Callable[..., Any]

    def __str__(self) -> str:
        return "/" + self.template

    def path(self, values: Mapping[str, object]) -> str:
        return "/" + self.template % values

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that may change something. Those of a REST view are known, administration pages tell only POST apart, all others
        have to be asked."""
        view = getattr(self.answers, "cls", None)
        if view is not None:
            return tuple(method for method in CHANGING if hasattr(view, method))
        return CHANGING[:1] if self.template.startswith("admin/") else CHANGING

    @property
    def admin_model(self) -> tuple[str, str] | None:
        """(app, model) of an admin page about one kind of row."""
        parts = self.template.split("/")
        if parts[0] != "admin" or len(parts) < 4 or "%" in parts[1] + parts[2]:
            return None
        return parts[1], parts[2]


def every_address(of: str | None = None) -> Iterator[Address]:
    """Those of the project, or of another URL configuration."""
    for pattern, answers in _patterns(get_resolver(of).url_patterns, ""):
        template, arguments = normalize(pattern)[0]
        yield Address(template, tuple(arguments), answers)


def _patterns(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    for one in patterns:
        own = before + one.pattern.regex.pattern.removeprefix("^").removesuffix("\\Z").removesuffix("$")
        if isinstance(one, URLResolver):
            yield from _patterns(one.url_patterns, own)
        else:
            yield own, one.callback
