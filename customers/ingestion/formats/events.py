"""Events of digital channels in files: CloudEvents 1.0 (structured JSON) and Segment's track and identify, one a line.

They become what the same events become when they come over HTTP (customers.channels.events). There an event without time or channel is
given the moment of its arrival and the program's channel; in a file it waits for a correction.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from customers.channels.events import reading as forms

from ..feed import Complaint
from ..feeds.channels import EVENTS, FEEDS, OWN, SIGN_INS
from ..reading import Chunk, Source, as_text
from .entries import Entry, chunks_of_entries
from .json_lines import LONGEST_LINE
from .json_text import BrokenJson, parsed
from .layout import Arriving, Layout, Stretch

_SEGMENT = {"track", "identify", "page", "screen", "group", "alias"}
_NO_PROGRAM, _UNTOLD = UUID(int=0), datetime(1, 1, 1, tzinfo=UTC)
_NO_EVENT = Complaint("no_event", "The line is no event in the form of CloudEvents 1.0 or of Segment's track and identify.")


class Events:
    def recognise(self, file: Arriving) -> Layout | None:
        if not file.beginning.startswith(b"{"):
            return None
        try:
            first = parsed(file.beginning.split(b"\n", 1)[0].decode(errors="replace"))
        except BrokenJson:
            return None
        if not isinstance(first, dict):
            return None
        segment = str(first.get("type")) in _SEGMENT and ("userId" in first or "anonymousId" in first)
        if "specversion" not in first and not segment:
            return None
        return Layout(name="events", feeds=FEEDS, chunks=partial(_chunks, file.system))


def _chunks(system: str, source: Source, stretch: Stretch) -> Iterator[Chunk]:
    return chunks_of_entries(source, _entries(system, source), FEEDS, stretch)


def _entries(system: str, source: Source) -> Iterator[Entry]:
    for number, raw in enumerate(iter(partial(source.readline, LONGEST_LINE), b""), 1):
        text = as_text(raw, name=source.name, line=number).strip()
        yield _entry(number, text, system) if text else Entry(number)


def _entry(line: int, text: str, system: str) -> Entry:
    sender = forms.Sender(client=_NO_PROGRAM, system=system, channel="")
    try:
        (item,) = forms.read(text.encode(), content_type=forms.JSON, attributes={}, sender=sender, key="", at=_UNTOLD)
    except ValueError:
        cells = dict.fromkeys(EVENTS.header, "") | {"details": json.dumps({"line": text}, ensure_ascii=False)}
        return Entry(line, EVENTS, [cells[name] for name in EVENTS.header], broken=_NO_EVENT)
    cells = item.cells | {"client": ""}
    cells["source"] = OWN if cells["source"] == sender.source else cells["source"]
    cells["time"] = "" if cells["time"] == _UNTOLD.isoformat() else cells["time"]
    feed = SIGN_INS if item.feed == SIGN_INS.name else EVENTS
    return Entry(line, feed, [cells[name] for name in feed.header])
