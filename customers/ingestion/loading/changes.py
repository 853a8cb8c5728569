"""Records of whatever feed into the tables; of change events only those that are newer than what is known of their row."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...models import SourcePosition
from ..change_feed import ChangeFeed
from ..feed import Feed
from ..landed import Landing, Loaded
from ..records import Record
from ..staging import Written
from . import KINDS


def load(feed: Feed, records: Sequence[Record], cells: Mapping[int, Sequence[str]], landing: Landing) -> Loaded:
    """In the caller's transaction. `cells`: line → the texts a record was made of, in the order of the feed's header."""
    if not isinstance(records, Written):  # which are staged in a moment: their loader says itself when the database is busy
        landing.meanwhile()
    if not isinstance(feed, ChangeFeed):
        return KINDS[feed.record].load(records, landing)
    landing = replace(landing, corrects=True)
    if feed.booked:
        return KINDS[feed.record].load(records, landing)
    newest: dict[str, tuple[int, int, Record]] = {}
    for record in records:
        key, position = feed.key(cells[record.line]), feed.position(cells[record.line])
        if key not in newest or newest[key][:2] < (position, record.line):
            newest[key] = (position, record.line, record)
    known = dict(SourcePosition.objects.filter(system_id=landing.system, feed=feed.of, key__in=newest).values_list("key", "position"))
    news = {key: change for key, change in newest.items() if change[0] > known.get(key, -1)}
    if not news:
        return Loaded(0)
    loaded = KINDS[feed.record].load([record for _, _, record in sorted(news.values(), key=lambda change: change[1])], landing)
    SourcePosition.objects.bulk_create(
        (
            SourcePosition(
                system_id=landing.system,
                feed=feed.of,
                key=key,
                position=position,
                gone=feed.gone,
                source_file_id=landing.file_id,
                source_line=line,
                recorded_at=landing.at,
            )
            for key, (position, line, _) in news.items()
            if line not in loaded.complaints
        ),
        update_conflicts=True,
        unique_fields=["system", "feed", "key"],
        update_fields=["position", "gone", "source_file", "source_line", "recorded_at"],
    )
    return loaded
