"""Every kind of file bankos can read, in the order that lets each find what it refers to."""

from collections.abc import Sequence

from ..errors import UnknownHeader
from ..feed import Feed
from . import berka, meridian

FEEDS: tuple[Feed, ...] = (*meridian.FEEDS, *berka.FEEDS)


def recognise(system: str, header: Sequence[str], *, file: str) -> Feed:
    """The feed of `system` whose files begin with this header.

    Raises:
        UnknownHeader: says what is missing or too much, against the feed that comes closest.
    """
    for feed in FEEDS:
        if feed.recognises(header):
            if feed.system != system:
                raise UnknownHeader(f"{file} is a file of the system “{feed.system}” ({feed.name}), not of “{system}”.")
            return feed
    nearest = max((feed for feed in FEEDS if feed.system == system), key=lambda feed: len({*feed.header} & {*header}))
    missing = [name for name in nearest.header if name not in header]
    unknown = [name for name in header if name not in nearest.header]
    if len(missing) == len(nearest.header):
        raise UnknownHeader(f"{file} doesn't begin with the header of any file the system “{system}” sends.")
    difference = [f"{what} {', '.join(names)}" for what, names in (("lacks", missing), ("has in addition", unknown)) if names]
    raise UnknownHeader(f"{file} looks like {nearest.name}, but its header {' and '.join(difference) or 'names a column twice'}.")


def reading_order(feed: Feed) -> int:
    """Where a feed stands among the files of its system: what others refer to comes first."""
    return FEEDS.index(feed)


def feed_named(name: str) -> Feed:
    return next(feed for feed in FEEDS if feed.name == name)
