"""Files that aren't made of lines, in chunks of what they say: entries, each with its number in the file.

The raw text of a chunk is what was read of the file while its entries were made, so that all chunks together are the file.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..errors import UnreadableFile
from ..feed import Complaint, Feed, Normalise, RowRefused
from ..reading import LONGEST_CHUNK, Batch, Chunk, Refusal, Source, as_row, packed
from .layout import Stretch


class Entry(NamedTuple):
    """One thing a file says. `line` grows from entry to entry; `broken` says why its cells cannot be read, if they cannot.

    Without a feed it is a place that holds no row: a booking that is only pending, a balance of another kind.
    """

    line: int
    feed: Feed | None = None
    cells: Sequence[str] = ()
    broken: Complaint | None = None


def chunks_of_entries(source: Source, entries: Iterator[Entry], feeds: Sequence[Feed], stretch: Stretch) -> Iterator[Chunk]:
    """The chunks behind place `stretch.after`. The end of a file counts as a place of its own: what stands there is kept, too.

    Raises:
        UnreadableFile
    """
    normalise = {feed: feed.reader(feed.header, stretch.shift) for feed in feeds}
    order = {feed: place for place, feed in enumerate(feeds)}
    chunk, held, last = Chunk(stretch.after + 1), 0, 0
    batches: dict[int, Batch] = {}
    for entry in entries:
        last = entry.line
        if last <= stretch.after:
            source.take_raw()
            continue
        if entry.feed is not None:
            place = order[entry.feed]
            if place not in batches:
                batches[place] = Batch(entry.feed, entry.feed.header)
            _put(entry, normalise[entry.feed], batches[place], chunk)
        held += 1
        if held >= stretch.size or source.kept > LONGEST_CHUNK:
            yield _closed(chunk, last, batches, source)
            chunk, held, batches = Chunk(last + 1), 0, {}
    end = last + 1
    if end < stretch.after:
        raise UnreadableFile(f"{source.name} ends at place {last}, but {stretch.after} were read from it before.")
    if end > stretch.after:
        yield _closed(chunk, end, batches, source)


def _put(entry: Entry, normalise: Normalise, batch: Batch, chunk: Chunk) -> None:
    try:
        if entry.broken is not None:
            raise RowRefused(entry.broken)
        batch.records.append(normalise(entry.line, entry.cells))
        batch.cells[entry.line] = entry.cells
    except RowRefused as refused:
        chunk.refusals.append(Refusal(entry.line, batch.feed, as_row(batch.header, entry.cells), refused.complaint))


def _closed(chunk: Chunk, last: int, batches: dict[int, Batch], source: Source) -> Chunk:
    chunk.line_count = last - chunk.first_line + 1
    chunk.batches = [batches[place] for place in sorted(batches)]
    chunk.raw = packed(source.take_raw())
    chunk.position = source.position
    return chunk
