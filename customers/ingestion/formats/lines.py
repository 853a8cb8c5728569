"""Files made of lines, in chunks whose raw text is exactly their lines."""

from collections.abc import Callable, Iterator, Sequence

from ..errors import UnreadableFile
from ..feed import Feed, RowRefused
from ..reading import LONGEST_LINE, Batch, Chunk, Refusal, Source, as_row, packed
from .layout import Stretch

Rows = Callable[[int, list[bytes], int], Iterator[tuple[int, Sequence[str]]]]
"""(first line, lines taken so far, how many to take) → (line, cells) of each row; adds each line it takes to those taken."""


def chunks_of_lines(
    source: Source, rows: Rows, feed: Feed, header: Sequence[str], stretch: Stretch, *, first_line: int, longest: int = LONGEST_LINE
) -> Iterator[Chunk]:
    """The chunks behind line `stretch.after`. A chunk ends where a row ends, so its length may exceed `size` by a few lines.

    Raises:
        UnreadableFile
    """
    for skipped in range(stretch.after):
        if not source.readline(longest):
            raise UnreadableFile(f"{source.name} has only {skipped} lines, but {stretch.after} were read from it before.")
        source.take_raw()
    normalise, normalise_many = feed.reader(header, stretch.shift), feed.reader_of_many(header, stretch.shift)
    line = stretch.after + first_line
    while True:
        taken: list[bytes] = []
        found = list(rows(line, taken, stretch.size))
        batch = Batch(feed, header, cells=dict(found))
        chunk = Chunk(line, batches=[batch])
        records = normalise_many(found)
        if records is not None:
            batch.records = records
        else:
            for place, cells in found:
                try:
                    batch.records.append(normalise(place, cells))
                except RowRefused as refused:
                    chunk.refusals.append(Refusal(place, feed, as_row(header, cells), refused.complaint))
        source.take_raw()
        if not taken:
            return
        chunk.line_count = len(taken)
        chunk.raw = packed(b"".join(taken))
        chunk.position = source.position
        yield chunk
        line += chunk.line_count
