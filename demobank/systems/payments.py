"""Payments: the standing orders that run today."""

from collections.abc import Iterator

from ..block import Block
from ..book import Method, Stream
from ..extracts import euros
from ..people import NOBODY
from .core import Row, account_elsewhere


def orders_of(block: Block) -> Iterator[tuple[str, Stream]]:
    """(order id, the stream it makes)."""
    counts: dict[int, int] = {}
    for stream in block.book.streams:
        if stream.method is Method.STANDING_ORDER and stream.start <= block.plan.today < stream.stop and stream.cents < 0:
            counts[stream.account] = counts.get(stream.account, 0) + 1
            yield f"SO-{block.accounts.number[stream.account][-14:]}-{counts[stream.account]}", stream


def order_rows(block: Block) -> Iterator[Row]:
    number = block.accounts.number
    for order, stream in orders_of(block):
        beneficiary = number[stream.other] if stream.other != NOBODY else account_elsewhere(stream.counterparty)
        yield order, number[stream.account], stream.counterparty, beneficiary, euros(-stream.cents), "EUR", stream.day, stream.purpose
