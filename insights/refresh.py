"""Forecast some customers anew and bring their suggestions up to date, in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from . import forecasts, registry, suggest
from .forecasts import Kept

NOTHING = Kept(rows=0, changed=0, checksum="")


def buckets(wanted: Sequence[int], *, at: datetime) -> Kept:
    """All customers of these buckets. Doing it twice changes nothing."""
    return _refresh(wanted, parties=None, at=at)


def parties(ids: Sequence[UUID], *, wanted: Sequence[int], at: datetime) -> Kept:
    """These customers only; `wanted` are the buckets they lie in. Does nothing before the first night's model."""
    return _refresh(wanted, parties=ids, at=at)


def _refresh(wanted: Sequence[int], *, parties: Sequence[UUID] | None, at: datetime) -> Kept:
    champion = registry.champion_at(at)
    if champion is None:
        return NOTHING
    # pandas and statsmodels stay out of the web process until it forecasts something.
    from .cashflow.forecast import forecast
    from .reading import book_of

    with transaction.atomic():
        book = book_of(wanted, at=at, parties=parties)
        if book is None:
            return NOTHING
        coming = forecast(book.panel, champion.coefficients)
        kept = forecasts.keep(book, coming, champion=champion, at=at)
        suggest.for_book(book, coming, champion=champion, at=at)
    return kept
