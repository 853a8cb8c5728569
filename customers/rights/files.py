"""The copy as one file: a ZIP with `data.json` for programs, `readable.html` for people and `payments.csv` for spreadsheets.

Written while it is sent, part by part, so that memory does not grow with what is held.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from ..models import AccessExport
from . import access
from .contributions import Contribution, Record

FORMAT = "bankos.access-copy"
VERSION = "1.0"
PAYMENTS = "transactions"
# What a spreadsheet would run. A plain negative amount is none.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_AMOUNT = re.compile(r"-?\d+(\.\d+)?")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:start;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid #ccc}caption{text-align:start;font-weight:600}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:0}dt{color:#444}dd{margin:0;overflow-wrap:anywhere}"
)


class _Sink(io.RawIOBase):
    """What the ZIP writes into: a file that is taken away as it grows."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        return self._buffer.write(content)

    def taken(self) -> bytes:
        content = self._buffer.getvalue()
        self._buffer = io.BytesIO()
        return content


def zipped(export: AccessExport, *, at: datetime) -> Iterator[bytes]:
    """The file's bytes."""
    sink = _Sink()
    members = (("data.json", _json), ("readable.html", _html), ("payments.csv", _csv))
    with ZipFile(sink, "w", ZIP_DEFLATED) as archive:
        for name, write in members:
            with archive.open(name, "w", force_zip64=True) as file:
                for text in write(export, at):
                    file.write(text.encode())
                    if content := sink.taken():
                        yield content
    yield sink.taken()


def _sections(export: AccessExport) -> Iterator[tuple[Contribution, Iterator[list[Record]]]]:
    """Each section once, with its parts."""
    parts = access.records(export)
    held = next(parts, None)
    while held is not None:
        section = held[0]
        following: list[tuple[Contribution, list[Record]] | None] = [held]

        def of_section(section: Contribution = section, following: list = following) -> Iterator[list[Record]]:
            while following[0] is not None and following[0][0] is section:
                yield following[0][1]
                following[0] = next(parts, None)

        yield section, of_section()
        held = following[0]


def _json(export: AccessExport, at: datetime) -> Iterator[str]:
    head = {"format": FORMAT, "version": VERSION, "made_at": _made_at(export), "bank": settings.BANK_NAME, **_whose(export)}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "sections": ['
    for place, (section, parts) in enumerate(_sections(export)):
        opening = json.dumps({"name": section.name, "title": section.title}, ensure_ascii=False)[:-1]
        yield f'{"," if place else ""}\n{opening}, "records": ['
        first = True
        for part in parts:
            for record in part:
                yield ("\n" if first else ",\n") + json.dumps(record, ensure_ascii=False)
                first = False
        yield "]}"
    yield "]}\n"


def _html(export: AccessExport, at: datetime) -> Iterator[str]:
    whose = _whose(export)
    title = f"What {settings.BANK_NAME} holds about you"
    yield format_html('<!doctype html><html lang="en"><meta charset="utf-8"><title>{}</title>', title)
    yield f"<style>{_STYLE}</style>"
    yield format_html("<h1>{}</h1><p>{}, customer number {}.</p>", title, whose["customer"]["name"], whose["customer"]["number"])
    yield format_html(
        "<p>As of {}. Each entry says where it came from. You may ask us to correct or erase data, object, and complain to {}. You reach"
        " us {}.</p>",
        f"{timezone.localtime(export.request.asked_at):%d %B %Y, %H:%M}",
        settings.BANK_COMPLAINTS,
        settings.BANK_CONTACT,
    )
    if whose["erased_at"]:
        yield format_html("<p><b>Your data was erased on {}. What the law makes us keep is below.</b></p>", whose["erased_at"][:10])
    for section, parts in _sections(export):
        yield format_html("<h2>{}</h2>", section.title)
        none = True
        for part in parts:
            if part:
                none = False
                yield _table(part)
        if none:
            yield "<p>Nothing.</p>"
    yield "</html>\n"


def _table(part: list[Record]) -> str:
    names = list(dict.fromkeys(name for record in part for name in record))
    head = format_html_join("", '<th scope="col">{}</th>', ((_words(name),) for name in names))
    rows = (
        format_html("<tr>{}</tr>", format_html_join("", "<td>{}</td>", ((_cell(record.get(name)),) for name in names))) for record in part
    )
    return format_html("<table><tr>{}</tr>{}</table>", head, format_html_join("", "{}", ((row,) for row in rows)))


def _cell(value: object) -> str:
    match value:
        case None | "":
            return ""
        case dict():
            pairs = ((_words(name), _cell(one)) for name, one in value.items())
            return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", pairs))
        case list():
            return format_html_join("", "{}<br>", ((_cell(one),) for one in value))
        case bool():
            return "yes" if value else "no"
        case _:
            return format_html("{}", value)


def _csv(export: AccessExport, at: datetime) -> Iterator[str]:
    columns = ("booking_date", "amount", "currency", "balance_after", "method", "purpose", "counterparty", "counterparty_account")
    yield _line(columns)
    for section, parts in _sections(export):
        for part in parts:
            if section.name == PAYMENTS:
                yield "".join(_line(harmless(str(record.get(name) or "")) for name in columns) for record in part)


def harmless(cell: str) -> str:
    """A cell no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) and not _AMOUNT.fullmatch(cell) else cell


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _whose(export: AccessExport) -> dict:
    party = export.request.party.golden
    return {
        "customer": {"number": party.number, "name": party.name},
        "erased_at": party.restricted_at.isoformat() if party.restricted_at else None,
    }


def _made_at(export: AccessExport) -> str | None:
    return export.ready_at.isoformat() if export.ready_at else None


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
