"""Every kind of extract bankos can read, in the order that lets each find what it refers to."""

from collections.abc import Sequence

from ..errors import UnknownHeader
from ..feed import Feed
from ..mapping import in_force
from . import berka, channels, meridian

FEEDS: tuple[Feed, ...] = (*meridian.FEEDS, *berka.FEEDS, *channels.FEEDS)


def recognise(system: str, header: Sequence[str], *, file: str, paths: Sequence[str] = ()) -> Feed:
    """The feed of `system` whose files begin with this header: of the mappings in force the one that fits best, or one bankos knows.

    Args:
        paths: what mappings look at instead, where columns can be nested.
    Raises:
        UnknownHeader: says what is missing or too much, against the feed that comes closest.
    """
    mapped = [feed for feed in in_force.feeds_of(system) if feed.recognises(paths or header)]
    if mapped:
        return max(mapped, key=lambda feed: (len(feed.needed), len({*feed.header} & {*(paths or header)})))
    for feed in FEEDS:
        if feed.recognises(header):
            if feed.system != system:
                raise UnknownHeader(f"{file} is a file of the system “{feed.system}” ({feed.name}), not of “{system}”.")
            return feed
    nearest = max((feed for feed in FEEDS if feed.system == system), key=lambda feed: len({*feed.header} & {*header}), default=None)
    missing = [name for name in nearest.header if name not in header] if nearest else []
    unknown = [name for name in header if name not in nearest.header] if nearest else []
    if nearest is None or len(missing) == len(nearest.header):
        raise UnknownHeader(f"{file} doesn't begin with the header of any file the system “{system}” sends.")
    difference = [f"{what} {', '.join(names)}" for what, names in (("lacks", missing), ("has in addition", unknown)) if names]
    raise UnknownHeader(f"{file} looks like {nearest.name}, but its header {' and '.join(difference) or 'names a column twice'}.")
