"""Every way of writing a source file bankos can read, one file each. A format is recognised by what a file holds, never by its name."""

from pathlib import Path

from ..feed import Feed
from ..feeds import FEEDS as EXTRACTS
from ..mapping import in_force
from ..reading import head_of
from . import bank_interfaces, pain, statements
from .berlin_group import BerlinGroup
from .camt import Camt
from .csv import Csv
from .debezium import FEEDS as CHANGES
from .debezium import Debezium
from .events import Events
from .fdx import Fdx
from .json_lines import JsonLines
from .layout import Arriving, Format, Layout, Stretch
from .mt940 import Mt940
from .open_banking_uk import OpenBankingUk
from .pain import Pain
from .parquet import Parquet
from .unknown import Unknown

__all__ = ["FEEDS", "Layout", "Stretch", "feed_named", "place_of", "reading_order", "recognise"]

FORMATS: tuple[Format, ...] = (
    Parquet(),
    Camt(),
    Pain(),
    Mt940(),
    OpenBankingUk(),
    BerlinGroup(),
    Fdx(),
    Debezium(),
    Events(),
    JsonLines(),
    Unknown(),
    Csv(),
)
"""In the order they are asked; CSV takes whatever no other knows."""

FEEDS: tuple[Feed, ...] = (
    *EXTRACTS,
    bank_interfaces.ACCOUNT,
    statements.ENTRY,
    statements.WITHDRAWN,
    statements.BALANCE,
    pain.ORDER,
    *CHANGES,
)
"""What reads rows, in the order that lets each find what it refers to."""


def recognise(system: str, path: Path) -> Layout:
    """How to read a file that is said to come from `system`.

    Raises:
        IngestError: nobody can read it; the sentence says why.
    """
    file = Arriving(path, head_of(path), system)
    layouts = (layout for one in FORMATS if (layout := one.recognise(file)) is not None)
    return next(layouts)


def reading_order(layout: Layout) -> int:
    """Where a file stands among others of its system: what others refer to comes first."""
    return min(map(place_of, layout.feeds))


def place_of(feed: Feed) -> int:
    """Where a feed stands among all; a mapping's feed beside the first of the same kind of record."""
    return next((place for place, one in enumerate(FEEDS) if one is feed or (feed.lenient and one.record is feed.record)), len(FEEDS))


def feed_named(name: str) -> Feed:
    """The feed of this name: one bankos knows by itself, or a mapping's in one of its versions.

    Raises:
        LookupError
    """
    return next((feed for feed in FEEDS if feed.name == name), None) or in_force.feed_of_version(name)
