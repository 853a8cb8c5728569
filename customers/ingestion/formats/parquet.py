"""Parquet whose columns are those of an extract, read batch by batch. The raw text kept of a row is the row as a line of JSON."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankos.platform import apart

from ..errors import UnreadableFile
from ..feed import Feed
from ..feeds import recognise
from ..reading import Chunk, Source
from .entries import Entry, chunks_of_entries
from .json_text import cell
from .layout import Arriving, Layout, Stretch

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

LARGEST_GROUP = 512 * 1024 * 1024
LARGEST_BATCH = 32 * 1024 * 1024
"""Bytes that rows read together take, unpacked."""
_ROWS_AT_ONCE = 2_000
_MOST_COLUMNS = 1_000
_MAGIC = b"PAR1"
_READER = apart.Apart(Path(__file__).with_name("parquet_apart.py"), memory=400 * 1024**2, seconds=120, patience=200.0)


class Parquet:
    name = "Parquet"

    def recognise(self, file: Arriving) -> Layout | None:
        header = self.header(file)
        return None if header is None else self.layout(recognise(file.system, header, file=file.path.name), header, file)

    def header(self, file: Arriving) -> list[str] | None:
        if not file.head.startswith(_MAGIC):
            return None
        name = file.path.name
        with file.path.open("rb") as raw:
            if raw.read(len(_MAGIC)) != _MAGIC:
                raise UnreadableFile(f"{name} is Parquet packed with gzip. Parquet is packed already; send it as it is.")
        status = file.path.stat()
        return list(_names(file.path, status.st_size, status.st_mtime_ns))

    def layout(self, feed: Feed, header: Sequence[str], file: Arriving) -> Layout:
        return Layout(name=feed.name, feeds=(feed,), chunks=partial(_chunks, feed))


@lru_cache(maxsize=32)
def _names(path: Path, size: int, changed: int) -> tuple[str, ...]:
    """The columns, once a process of its own has read the file to its end: pages of a few bytes may unpack to gigabytes.

    Raises:
        UnreadableFile
    """
    bounds = {"columns": _MOST_COLUMNS, "group": LARGEST_GROUP, "rows": _ROWS_AT_ONCE, "batch": LARGEST_BATCH}
    try:
        read = _READER.ask({"path": str(path.resolve()), **bounds})
    except apart.Died:
        raise UnreadableFile(f"{path.name} takes more time or memory to unpack than any extract; it is not read.") from None
    except apart.Unavailable as error:
        raise UnreadableFile(f"{path.name} cannot be read at the moment, {error}. Send it again later.") from None
    if "large" in read:
        raise UnreadableFile(f"{path.name} {read['large']}.")
    if "refused" in read:
        raise _broken(path.name, read["refused"])
    return tuple(read["names"])


def _opened(path: Path) -> "ParquetFile":
    import pyarrow
    from pyarrow import parquet

    status = path.stat()
    _names(path, status.st_size, status.st_mtime_ns)
    try:
        return parquet.ParquetFile(path, memory_map=False, pre_buffer=False, buffer_size=1024 * 1024)
    except (pyarrow.ArrowException, OSError) as error:
        raise _broken(path.name, str(error)) from None


def _chunks(feed: Feed, source: Source, stretch: Stretch) -> Iterator[Chunk]:
    return chunks_of_entries(source, _entries(feed, source), (feed,), stretch)


def _entries(feed: Feed, source: Source) -> Iterator[Entry]:
    import pyarrow

    with _opened(source.path) as table:
        total, number = max(table.metadata.num_rows, 1), 0
        try:
            wanted = [name for name in table.schema_arrow.names if name in feed.header]
            for batch in table.iter_batches(batch_size=_ROWS_AT_ONCE, columns=wanted, use_threads=False):
                for row in batch.to_pylist():
                    number += 1
                    cells = [_text(row.get(name)) for name in feed.header]
                    source.keep(_kept(feed.header, cells), share=number / total)
                    yield Entry(number, feed, cells)
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
            raise _broken(source.name, str(error)) from None


def _kept(header: Sequence[str], cells: Sequence[str]) -> bytes:
    return f"{json.dumps(dict(zip(header, cells, strict=True)), ensure_ascii=False)}\n".encode(errors="replace")


def _text(value: Any) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return cell(value) if value is None or isinstance(value, (str, bool)) else str(value)


def _broken(name: str, reason: str) -> UnreadableFile:
    return UnreadableFile(f"{name} isn't Parquet that can be read ({(reason.splitlines() or [''])[0][:100]}). Send it again, whole.")
