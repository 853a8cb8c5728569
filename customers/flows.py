# ruff: noqa: S608 - the queries are put together from the constants below; every value is a parameter.
"""Money of many customers at once, as tables, for those who compute over all of them.

Set-based and streamed by COPY: a partition of a million customers costs seconds, and no row becomes a Python object
on its way. Ids are text. Customers lie in 256 buckets; every function takes the buckets it shall read, or None for all,
and customers (golden parties) whose ids are given in `parties`, or None for all of them.
"""

from collections.abc import Collection, Sequence
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection
from psycopg import sql

if TYPE_CHECKING:
    import pandas as pd

BUCKETS = 256
# Bought by card or taken in cash: what people do when they like, never a standing arrangement.
SPENDING_METHODS = ("card", "cash")

# The customers who own what, each once however many of their records say so.
_OWNED = (
    "SELECT DISTINCT role.arrangement_id, party.id AS party_id FROM customers_arrangementrole role "
    "JOIN customers_party member ON member.id = role.party_id JOIN customers_party party ON party.id = member.golden_id "
    "WHERE role.role = 'owner' AND party.bucket = ANY({buckets}) AND ({parties}::uuid[] IS NULL OR party.id = ANY({parties}::uuid[]))"
)
_OWNER = f"JOIN ({_OWNED}) owner ON owner.arrangement_id = account.id "
_WANTED = f"account.id IN (SELECT arrangement_id FROM ({_OWNED}) owned) "
# Neither a reversal nor reversed. A reversal stands on the day of what it reverses.
_STANDS = (
    "booked.reverses IS NULL AND NOT EXISTS (SELECT FROM customers_transaction undoing WHERE undoing.reverses = booked.id "
    "AND undoing.booking_date = booked.booking_date AND undoing.booking_date BETWEEN {since} AND {until}) "
)
_IN_USE = "account.status <> 'closed' "


def current_accounts(buckets: Sequence[int] | None = None, *, parties: Collection[UUID] | None = None) -> "pd.DataFrame":
    """Current accounts with their owner: arrangement_id, party_id, currency, balance, overdraft_limit, balance_date.

    `balance` (float) stands after the newest booking known, which is of `balance_date`. Queries: 1.
    """
    return _table(
        "SELECT account.id AS arrangement_id, owner.party_id, account.currency, account.balance, "
        "coalesce(account.principal, 0) AS overdraft_limit, account.balance_date "
        f"FROM customers_arrangement account {_OWNER} "
        f"WHERE account.kind = 'current' AND account.balance IS NOT NULL AND {_IN_USE} ORDER BY account.id, owner.party_id",
        buckets,
        parties,
        days=["balance_date"],
    )


def daily_flows(
    buckets: Sequence[int] | None = None, *, since: date, until: date, parties: Collection[UUID] | None = None
) -> "pd.DataFrame":
    """What each current account gained on each day on which something was booked: arrangement_id, day, net. Queries: 1."""
    import numpy as np
    import pandas as pd

    # One line an account, its days and nets as one text: a line costs the driver as much as all that is on it.
    lines = _table(
        "SELECT arrangement_id, count(*) AS days, string_agg(day || ',' || net, ',' ORDER BY day) AS flow FROM ("
        "SELECT booked.arrangement_id, booked.booking_date - {since}::date AS day, sum(booked.amount) AS net "
        "FROM customers_arrangement account JOIN customers_transaction booked ON booked.arrangement_id = account.id "
        "WHERE account.kind = 'current' AND booked.booking_date BETWEEN {since} AND {until} "
        f"AND {_WANTED} GROUP BY 1, 2"
        ") daily GROUP BY 1 ORDER BY 1",
        buckets,
        parties,
        since=since,
        until=until,
    )
    flow = np.fromstring(",".join(lines["flow"]), sep=",").reshape(-1, 2)
    day = np.datetime64(since, "D") + flow[:, 0].astype(np.int64)
    arrangement = np.repeat(lines["arrangement_id"].to_numpy(), lines["days"].to_numpy(dtype=np.int64))
    return pd.DataFrame({"arrangement_id": pd.Series(arrangement, dtype="str"), "day": day, "net": flow[:, 1]})


def movements(buckets: Sequence[int] | None = None, *, since: date, until: date, parties: Collection[UUID] | None = None) -> "pd.DataFrame":
    """Bookings that stand and may belong to an arrangement (no card, no cash): arrangement_id, day, amount, method, purpose, counterparty.

    `amount` is signed, money in is positive. Queries: 1.
    """
    return _table(
        "SELECT booked.arrangement_id, booked.booking_date AS day, booked.amount, booked.method, booked.purpose, "
        "coalesce(nullif(booked.counterparty, ''), booked.counterparty_account) AS counterparty "
        "FROM customers_arrangement account JOIN customers_transaction booked ON booked.arrangement_id = account.id "
        "WHERE account.kind = 'current' AND booked.booking_date BETWEEN {since} AND {until} "
        "AND booked.method <> ALL({spending}) "
        f"AND {_STANDS} "
        f"AND {_WANTED} ORDER BY booked.arrangement_id, booked.booking_date, booked.sequence",
        buckets,
        parties,
        days=["day"],
        since=since,
        until=until,
        spending=list(SPENDING_METHODS),
    )


def schedules(buckets: Sequence[int] | None = None, *, parties: Collection[UUID] | None = None) -> "pd.DataFrame":
    """Agreed monthly payments: account_id, schedule_arrangement_id, amount, day_of_month, counterparty, purpose, kind.

    `amount` is positive and leaves the account; `day_of_month` is missing where the source does not tell it. Queries: 1.
    """
    return _table(
        "SELECT schedule.account_id, schedule.arrangement_id AS schedule_arrangement_id, schedule.amount, "
        "schedule.day_of_month, schedule.counterparty, schedule.purpose, agreed.kind "
        "FROM customers_arrangement account "
        "JOIN customers_paymentschedule schedule ON schedule.account_id = account.id "
        "JOIN customers_arrangement agreed ON agreed.id = schedule.arrangement_id "
        f"WHERE agreed.status NOT IN ('closed', 'defaulted') AND {_WANTED} ORDER BY schedule.id",
        buckets,
        parties,
    )


def savings_of(buckets: Sequence[int] | None = None, *, parties: Collection[UUID] | None = None) -> "pd.DataFrame":
    """Savings accounts with their owner: party_id, arrangement_id, currency, balance. Queries: 1."""
    return _table(
        "SELECT owner.party_id, account.id AS arrangement_id, account.currency, account.balance "
        f"FROM customers_arrangement account {_OWNER} "
        f"WHERE account.kind = 'savings' AND account.balance IS NOT NULL AND {_IN_USE} ORDER BY account.id, owner.party_id",
        buckets,
        parties,
    )


_TEXT = (
    "arrangement_id", "party_id", "account_id", "schedule_arrangement_id",
    "currency", "method", "purpose", "counterparty", "kind", "flow",
)  # fmt: skip


def _table(
    query: str, buckets: Sequence[int] | None, parties: Collection[UUID] | None, *, days: Sequence[str] = (), **values: object
) -> "pd.DataFrame":
    import pandas as pd

    values["buckets"] = list(range(BUCKETS) if buckets is None else buckets)
    values["parties"] = None if parties is None else [str(party) for party in parties]
    target = BytesIO()
    with connection.cursor() as cursor:
        literals = {name: sql.Literal(value) for name, value in values.items()}
        # COPY takes no parameters; the driver writes the values as literals.
        statement = sql.SQL("COPY ({query}) TO STDOUT (FORMAT csv, HEADER)").format(query=sql.SQL(query).format(**literals))
        with cursor.copy(statement.as_string(cursor.connection)) as copy:
            for part in copy:
                target.write(part)
    target.seek(0)
    # Only a missing number is missing; a counterparty called "NA" is a counterparty.
    return pd.read_csv(
        target,
        dtype=dict.fromkeys(_TEXT, "str"),
        parse_dates=list(days),
        keep_default_na=False,
        na_values={"day_of_month": [""], "balance_date": [""]},
    )
