"""Accounts a file has booked on, found once and not once an entry: among hundreds of thousands, finding one costs as much as booking."""

from collections.abc import Mapping, Sequence

from bankos.platform.copying import NULL

from .records import TransactionRecord

MOST = 250_000
"""Accounts that are remembered of one file: some 60 MB."""


class AccountsAtHand:
    """Number and currency → id, as they were found a moment ago.

    Somebody else may have changed an account since, so whoever books by it leaves the last word to the database, which refuses an entry
    in another currency than its account's. Filled by the thread that loads, asked by the one that reads ahead.
    """

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def of(self, records: Sequence[TransactionRecord]) -> list[str]:
        """The id of each record's account, as COPY reads it."""
        return [self._ids.get(f"{record.account_key} {record.currency}", NULL) for record in records]

    def remember(self, found: Mapping[str, str]) -> None:
        """`found`: number, a space and currency → id."""
        if len(self._ids) < MOST:
            self._ids |= found

    def forget(self) -> None:
        self._ids = {}
