"""Taking a customer out of what came: raw lines, raw text that has no lines, rows that were rejected, files nobody has read yet.

A line is replaced by the salted hash of what stood there, and all others keep their place. Of a file that is not made of lines the whole
run of entries goes: what they say stands in the tables, where everybody else's stays. What came of a row is known by its place in the
file; what came of none, because a source sends the same again and again, by the customer's keys (`naming`).
"""

import csv
import io
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from uuid import UUID

from django.db.models import F, Model, QuerySet

from sentinel import redaction

from ..ingestion import held
from ..ingestion.errors import UnreadableFile
from ..ingestion.feed import Feed
from ..ingestion.formats import FEEDS, feed_named
from ..ingestion.formats.csv import SEPARATORS
from ..ingestion.formats.json_text import BrokenJson, flat, parsed
from ..ingestion.reading import opened, packed
from ..ingestion.records import EventRecord, Record
from ..models import HeldPart, RejectedRow, SourceChunk, SourceFile
from ..models.landing import Changing
from .naming import SHORTEST, Names, Naming, columns_naming, folded

MARK = b"#erased sha256:"
CHANGES, EVENTS = "debezium", "events"
"""Layouts of several kinds of rows whose files are made of lines; so is everything one feed reads."""
Places = dict[UUID, set[int]]
_READ_AT_ONCE = 1024 * 1024


def take_lines(tables: "Iterable[QuerySet[Model]]", decision_id: UUID) -> int:
    """Take out what these rows came from, and what they came from before they changed. Returns how many lines and runs of entries went."""
    places: Places = defaultdict(set)
    for rows in tables:
        for file, line in rows.exclude(source_file=None).values_list("source_file_id", "source_line"):
            places[file].add(line)
        for file, line in _before(rows, decision_id):
            places[file].add(line)
    gone = 0
    for file in SourceFile.objects.filter(pk__in=places):
        lines = places[file.pk]
        gone += _drop(RejectedRow.objects.filter(file=file, line__in=lines))
        if made_of_lines(file):
            for chunk in _holding(file, lines):
                gone += _replace(chunk, lines, decision_id)
        else:
            gone += _take_runs(file, {chunk.pk for chunk in _holding(file, lines)}, decision_id)
    return gone


def take_named(names: Names, decision_id: UUID, *, accounts: bool, of: Collection[type[Record]] = ()) -> int:
    """Take out every row, rejected or raw, that names the customer: by their accounts, or by keys of their own.

    Reads everything that ever came from files that could name somebody so.

    Args:
        of: rows of these kinds only.
    """
    gone = _take_rejected(names, accounts=accounts, of=of)
    for file in SourceFile.objects.filter(pk__in=SourceChunk.objects.values("file")).order_by("pk").iterator():
        gone += _take_of_file(file, names, decision_id, accounts=accounts, of=of)
    return gone


def let_go_of_held(names: Names) -> int:
    """Let go of files nobody has read that name the customer: they have to come again, without. Returns how many."""
    gone = 0
    for file in SourceFile.objects.filter(pk__in=HeldPart.objects.values("file")):
        with held.restored(file) as path:
            named = _names_in(path, names)
        if named:
            held.let_go(file)
            problem = "It named a customer who was erased, and was let go unread. Send it again without them."
            SourceFile.objects.filter(pk=file.pk).update(state=SourceFile.State.STOPPED, problem=problem)
            gone += 1
    return gone


def without_lines(raw: bytes, first: int, lines: Collection[int]) -> tuple[bytes, int]:
    """A run of raw lines with some replaced by a salted hash of what stood there, and how many; each keeps its place.

    A row whose quotation goes over several lines goes with all of them.
    """
    kept = _lines(raw)
    erased = 0
    for line in sorted(lines):
        place = line - first
        if not 0 <= place < len(kept) or kept[place].startswith(MARK):
            continue
        last = place
        while b"".join(kept[place : last + 1]).count(b'"') % 2 and last + 1 < len(kept):
            last += 1
        for one in range(place, last + 1):
            kept[one] = mark(kept[one])
            erased += 1
    return b"".join(kept), erased


def mark(erased: bytes) -> bytes:
    """What stands in place of erased bytes, on a line of its own if they were a line."""
    salt, ending = token_hex(8), b"\n" if erased.endswith(b"\n") else b""
    digest = sha256(salt.encode() + erased.rstrip(b"\r\n")).hexdigest()
    return MARK + f"{salt}:{digest}".encode() + ending


def made_of_lines(file: SourceFile) -> bool:
    """Whether a row's place is a line of the file. Of statements and other documents it is the number of an entry."""
    return file.feed in (CHANGES, EVENTS) or _feed(file.feed) is not None


def _before(rows: "QuerySet[Model]", decision_id: UUID) -> Iterator[tuple[UUID, int]]:
    """The places rows were read from that have changed since."""
    ids = list(rows.values_list("pk", flat=True)) if issubclass(rows.model, Changing) else []
    for was in redaction.before(decision_id, rows.model._meta.db_table, ids):
        yield UUID(was["source_file_id"]), was["source_line"]


def _lines(raw: bytes) -> list[bytes]:
    """As files are read: a line ends where it says so, and nowhere else."""
    return io.BytesIO(raw).readlines()


def _holding(file: SourceFile, lines: Collection[int]) -> "Iterator[SourceChunk]":
    """The chunks that hold any of these places."""
    end = F("first_line") + F("line_count")
    near = SourceChunk.objects.annotate(end=end).filter(file=file, first_line__lte=max(lines), end__gt=min(lines))
    for chunk in near.order_by("first_line").iterator(chunk_size=1):
        if any(chunk.first_line <= line < chunk.first_line + chunk.line_count for line in lines):
            yield chunk


def _replace(chunk: SourceChunk, lines: Collection[int], decision_id: UUID) -> int:
    content, erased = without_lines(zlib.decompress(bytes(chunk.raw)), chunk.first_line, lines)
    if erased:
        redaction.replace(decision_id, SourceChunk._meta.db_table, "raw", chunk.pk, packed(content))
    return erased


def _take_runs(file: SourceFile, hit: Collection[UUID], decision_id: UUID) -> int:
    """Take out whole chunks, each with the one before it, where the statement it goes on with may begin. Returns how many."""
    gone, before = 0, None
    for chunk in file.chunks.order_by("first_line").iterator(chunk_size=1):
        if chunk.pk in hit:
            gone += sum(_take_run(one, decision_id) for one in (before, chunk) if one is not None)
        before = chunk
    return gone


def _take_run(chunk: SourceChunk, decision_id: UUID) -> int:
    raw = zlib.decompress(bytes(chunk.raw))
    if not raw or raw.startswith(MARK):
        return 0
    redaction.replace(decision_id, SourceChunk._meta.db_table, "raw", chunk.pk, packed(mark(raw)))
    chunk.raw = packed(MARK)
    return 1


def _take_rejected(names: Names, *, accounts: bool, of: Collection[type[Record]]) -> int:
    rows = RejectedRow.objects.select_related("file").iterator()
    return _drop(RejectedRow.objects.filter(pk__in=[row.pk for row in rows if _is_about(row, names, accounts=accounts, of=of)]))


def _is_about(row: RejectedRow, names: Names, *, accounts: bool, of: Collection[type[Record]]) -> bool:
    feed = _feed(row.feed)
    if of and (feed is None or feed.record not in of):
        return False
    by = columns_naming(feed, accounts=accounts) if feed is not None else ()
    said = [row.raw, row.corrected or {}]
    if any(names.are_in(one, by, system=row.file.system_id) for one in said):
        return True
    # Of what nobody could make out, or what says more than its columns tell, the words themselves are looked at.
    unclear = feed is None or feed.name.startswith("channels.") or not (by or columns_naming(feed, accounts=True))
    return unclear and not accounts and any(names.stand_in(str(text)) for one in said for text in one.values())


def _drop(rows: "QuerySet[RejectedRow]") -> int:
    """Rows that were rejected are notes about lines: they go, and no longer count among those that wait."""
    waiting: dict[UUID, int] = defaultdict(int)
    for file in rows.filter(state=RejectedRow.State.OPEN).values_list("file_id", flat=True):
        waiting[file] += 1
    for file, number in waiting.items():
        SourceFile.objects.filter(pk=file).update(rows_rejected=F("rows_rejected") - number)
    return rows.delete()[0]


def _take_of_file(file: SourceFile, names: Names, decision_id: UUID, *, accounts: bool, of: Collection[type[Record]]) -> int:
    feed = _feed(file.feed)
    if feed is None and not made_of_lines(file):
        return _take_documents(file, names, decision_id) if accounts and not of else 0
    kind = feed.record if feed is not None else EventRecord if file.feed == EVENTS else None
    by = columns_naming(feed, accounts=accounts) if feed is not None else _all_naming(accounts=accounts)
    gone, texts = 0, names.sought(accounts=accounts)
    if not by or not texts or (of and kind not in of):
        return 0
    for chunk in file.chunks.order_by("first_line").iterator(chunk_size=1):
        raw = zlib.decompress(bytes(chunk.raw))
        low = raw.lower()
        if any(text in low for text in texts):
            rows = _rows(raw, feed, chunk.first_line)
            lines = [line for line, row in rows if names.are_in(row, by, system=file.system_id) or _says(row, file, names)]
            gone += _replace(chunk, lines, decision_id)
    return gone


def _take_documents(file: SourceFile, names: Names, decision_id: UUID) -> int:
    """Statements in which an account's number stands, with the run behind: entries that were known already may go on there."""
    texts = {text for text in names.sought(accounts=True) if len(text) >= SHORTEST}
    hit, goes_on = set(), False
    for chunk in file.chunks.order_by("first_line").iterator(chunk_size=1):
        low = zlib.decompress(bytes(chunk.raw)).lower()
        named = any(text in low for text in texts)
        if named or goes_on:
            hit.add(chunk.pk)
        goes_on = named
    return _take_runs(file, hit, decision_id)


def _says(row: Mapping[str, str], file: SourceFile, names: Names) -> bool:
    """Of a channel's event: whether any of its values is the customer's, whatever it is called there."""
    return file.feed == EVENTS and not names.alone.isdisjoint(folded(text) for text in row.values())


def _rows(raw: bytes, feed: Feed | None, first: int) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(line, column → text) of a run of lines: objects, or cells in the order the feed has them."""
    lines = [
        (line, text.decode(errors="replace").rstrip("\r\n")) for line, text in enumerate(_lines(raw), first) if not text.startswith(MARK)
    ]
    separator = max(SEPARATORS, key=lambda separator: sum(text.count(separator) for _, text in lines))
    for line, text in lines:
        if text.lstrip("\ufeff ").startswith("{"):
            yield line, _values(text)
        elif text and feed is not None:
            # Of a row over several lines the first tells whose it is.
            yield line, dict(zip(feed.header, next(csv.reader([text], delimiter=separator), []), strict=False))


def _values(text: str) -> Mapping[str, str]:
    """Every value of an object by the path to it, and by its own name."""
    try:
        paths = flat(parsed(text.lstrip("\ufeff ")))
    except BrokenJson:
        return {}
    return {**{path.rpartition(".")[2]: value for path, value in paths.items()}, **paths}


@cache
def _all_naming(*, accounts: bool) -> tuple[Naming, ...]:
    """Of a log of changes any table's: a row tells by the names of its columns what it is."""
    return tuple({one for feed in FEEDS for one in columns_naming(feed, accounts=accounts)})


def _names_in(path: Path, names: Names) -> bool:
    texts = [text.encode() for text in names.alone]
    if not texts:
        return False
    longest = max(map(len, texts))
    try:
        with opened(path) as source:
            tail = b""
            while piece := source.read(_READ_AT_ONCE):
                source.take_raw()
                seen = tail + piece.lower()
                if any(text in seen for text in texts):
                    return True
                tail = seen[-longest:]
    except UnreadableFile:
        return False
    return False


def _feed(name: str) -> Feed | None:
    try:
        return feed_named(name)
    except LookupError:
        return None
