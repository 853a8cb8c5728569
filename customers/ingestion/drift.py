"""Schema drift: that a source's files are no longer as they were, noticed as they are read and kept with its first and last sight.

Columns are compared with what the feed expects. What they hold is profiled on a sample that depends on the lines alone, so that it is the
same however a file is cut into chunks, and compared with the files of the same kind before it.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from django.db.models import F

from ..models import FileProfile, SchemaDrift, SourceFile
from .feed import Feed
from .reading import Batch
from .watermarks import kind_of_file

WHOLE = 200  # lines of a file's beginning that are all looked at
EVERY = 25  # behind them, one line of so many
EARLIER = 5  # files the present one is compared with
FEWEST = 20  # values without which nothing is said
JUMP = 0.2  # share by which emptiness has to change, or another way of writing has to come up
ALIKE = 0.6  # of two names, so that one is taken for the other renamed
SURE = 4.0  # standard errors

Kind = SchemaDrift.Kind

_LOOKS = (
    ("2026-11-23", re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)),
    ("2026-11-23T09:41", re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*", re.ASCII)),
    ("23.11.2026", re.compile(r"\d{1,2}\.\d{1,2}\.\d{2,4}", re.ASCII)),
    ("23/11/2026", re.compile(r"\d{1,2}/\d{1,2}/\d{2,4}", re.ASCII)),
    ("digits", re.compile(r"[+-]?\d+", re.ASCII)),
    ("1234.50", re.compile(r"[+-]?[\d',]*\d\.\d+-?", re.ASCII)),
    ("1234,50", re.compile(r"[+-]?[\d'. ]*\d,\d+-?", re.ASCII)),
)


def look_of(text: str) -> str:
    """How a text is written: as a day, a number … or in words."""
    first = text[0]
    if first.isdigit() or first in "+-":
        for look, pattern in _LOOKS:
            if pattern.fullmatch(text):
                return look
    return "words"


@dataclass(frozen=True, slots=True)
class Difference:
    kind: Kind
    column: str
    was: str = ""
    now: str = ""


def looks_of(batch: Batch, *, first_line: int) -> dict[str, dict[str, Any]]:
    """Column → how many of the sampled rows there are, how many of them are empty, and how many look like what."""
    seen = [cells for line, cells in batch.cells.items() if line - first_line < WHOLE or line % EVERY == 0]
    looks = {}
    for column, texts in zip(batch.header, zip(*seen, strict=False), strict=False):
        filled = [stripped for text in texts if (stripped := text.strip())]
        looks[column] = {"rows": len(texts), "empty": len(texts) - len(filled), "looks": Counter(map(look_of, filled))}
    return looks


def profile(file: SourceFile, batch: Batch) -> None:
    """Add what the columns of a batch's rows hold to what those of the file held so far. Queries: 2; none if none was looked at."""
    if not batch.looks:
        return
    row = FileProfile.objects.filter(file=file, feed=batch.feed.name).first() or FileProfile(file=file, feed=batch.feed.name)
    for column, seen in batch.looks.items():
        known = row.columns.setdefault(column, {"rows": 0, "empty": 0, "looks": {}})
        known["rows"] += seen["rows"]
        known["empty"] += seen["empty"]
        known["looks"] = dict(Counter(known["looks"]) + seen["looks"])
    FileProfile.objects.bulk_create([row], update_conflicts=True, unique_fields=["file", "feed"], update_fields=["columns"])


def notice(file: SourceFile, *, feeds: Sequence[Feed], columns: Sequence[str], at: datetime) -> None:
    """Compare a file that was read with what was expected, and with those before it. Queries: 2 a feed; 2 more for each difference."""
    for feed in feeds:
        for difference in (*_of_columns(feed.header, columns), *_of_profiles(file, feed)):
            _keep(file, feed, difference, at)


def notice_refused(file: SourceFile, *, feeds: Sequence[Feed], columns: Sequence[str], at: datetime) -> None:
    """Of a file no feed reads: how its columns differ from those of the feed that comes closest, if one does."""
    nearest = max(feeds, key=lambda feed: len({*feed.header} & {*columns}), default=None)
    if nearest is None or len({*nearest.header} & {*columns}) * 2 < len(nearest.header):
        return
    for difference in _of_columns(nearest.header, columns):
        _keep(file, nearest, difference, at)


def _of_columns(expected: Sequence[str], columns: Sequence[str]) -> Iterator[Difference]:
    if not columns:
        return
    added = [column for column in columns if column not in expected]
    for column in expected:
        if column in columns:
            continue
        likest = max(added, key=lambda other: _alike(column, other), default="")
        if likest and (_alike(column, likest) >= ALIKE or (len(added) == 1 and columns.index(likest) == expected.index(column))):
            added.remove(likest)
            yield Difference(Kind.RENAMED, column, column, likest)
        else:
            yield Difference(Kind.MISSING, column)
    yield from (Difference(Kind.ADDED, column) for column in added)


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()


def _of_profiles(file: SourceFile, feed: Feed) -> Iterator[Difference]:
    present = FileProfile.objects.filter(file=file, feed=feed.name).first()
    if present is None:
        return
    family = kind_of_file(feed.name)
    names = {"feed": feed.name} if family == feed.name else {"feed__startswith": f"{family}.v"}
    earlier = FileProfile.objects.filter(file__system=file.system_id, file__lt=file.pk, file__state=SourceFile.State.DONE, **names)
    before = _summed(earlier.order_by("-file_id")[:EARLIER])
    for column, now in present.columns.items():
        if column in before:
            yield from _of_column(column, before[column], now)


def _summed(profiles: Any) -> dict[str, dict[str, Any]]:
    total: dict[str, dict[str, Any]] = {}
    for one in profiles:
        for column, seen in one.columns.items():
            sums = total.setdefault(column, {"rows": 0, "empty": 0, "looks": Counter()})
            sums["rows"] += seen["rows"]
            sums["empty"] += seen["empty"]
            sums["looks"] += Counter(seen["looks"])
    return total


def _of_column(column: str, before: dict[str, Any], now: dict[str, Any]) -> Iterator[Difference]:
    if min(before["rows"], now["rows"]) < FEWEST:
        return
    was_empty, is_empty = before["empty"] / before["rows"], now["empty"] / now["rows"]
    pooled = (before["empty"] + now["empty"]) / (before["rows"] + now["rows"])
    error = math.sqrt(pooled * (1 - pooled) * (1 / before["rows"] + 1 / now["rows"]))
    if abs(is_empty - was_empty) >= JUMP and abs(is_empty - was_empty) >= SURE * error:
        yield Difference(Kind.EMPTY, column, f"{was_empty:.0%} empty", "more often" if is_empty > was_empty else "less often")
    was, given = sum(before["looks"].values()), sum(now["looks"].values())
    if min(was, given) < FEWEST:
        return
    usual = max(before["looks"], key=before["looks"].__getitem__)
    for look, count in sorted(now["looks"].items()):
        if count / given >= JUMP and before["looks"].get(look, 0) / was <= 0.01:
            yield Difference(Kind.LOOK, column, usual, look)


def _keep(file: SourceFile, feed: Feed, difference: Difference, at: datetime) -> None:
    known = {
        "system_id": file.system_id,
        "feed": kind_of_file(feed.name),
        "kind": difference.kind,
        "column": difference.column[:200],
        "now": difference.now[:200],
    }
    again = SchemaDrift.objects.filter(**known)
    if again.filter(last_file=file).exists():
        return
    if not again.update(last_file=file, last_seen_at=at, files=F("files") + 1):
        SchemaDrift.objects.create(**known, was=difference.was[:200], first_file=file, last_file=file, first_seen_at=at, last_seen_at=at)
