# ruff: noqa: S608 - the statements are put together from the constants below; every value is a parameter.
"""What a source says anew of a booked entry: the row that stands is reversed, and what the source says now is booked beside it.

Of two words on one entry the one further on in the source's log of changes counts, whichever arrives first; of two from the same place
the one that arrives last. A deletion is remembered also of an entry that is not known yet.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import connection

from ..landed import Landing, Loaded
from ..records import GoneRecord
from ..settling import NEWEST_STANDING
from ..staging import Stage
from .touched import touch_holders

_ONLY_THE_NEWEST_WORD = """
DELETE FROM {table} s USING {table} newer
 WHERE newer.source_key = s.source_key AND (newer.position, newer.line) > (s.position, s.line)
"""
# An id made of the record's: of the same moment, and as unlike any other.
_REVERSAL_ID = "(left(news.id::text, 24) || left(md5(news.id::text), 12))::uuid"
_REVERSE = f"""
INSERT INTO customers_transaction (
    id, system_id, source_key, version, arrangement_id, booking_date, sequence, amount, currency, method, purpose, counterparty,
    counterparty_account, merchant_category, reverses, source_file_id, source_line, recorded_at)
SELECT {_REVERSAL_ID}, t.system_id, t.source_key, news.version + 1, t.arrangement_id, t.booking_date, t.sequence, -t.amount, t.currency,
       t.method, t.purpose, t.counterparty, t.counterparty_account, t.merchant_category, t.id, %(file)s, news.line, %(at)s
"""
_SAYS_OTHERWISE = """
    (t.arrangement_id, t.booking_date, t.sequence, t.amount, t.balance_after, t.method, t.purpose, t.counterparty,
     t.counterparty_account, t.merchant_category)
    IS DISTINCT FROM
    (news.arrangement_id, news.booking_date, news.sequence, news.amount, news.balance_after, news.method, news.purpose,
     news.counterparty, news.counterparty_account, news.merchant_category)
"""
_CORRECT = f"""
WITH heard AS MATERIALIZED (
    SELECT s.*, a.id AS arrangement_id, e.version, e.transaction_id, e.booking_date AS booked_date
      FROM staged_transaction s
      JOIN customers_arrangement a ON a.system_id = 'core' AND a.source_key = s.account_key
      JOIN customers_bookedentry e ON e.system_id = %(system)s AND e.source_key = s.source_key AND e.position <= s.position
), news AS MATERIALIZED (
    SELECT news.*, t.id AS standing_id, t.arrangement_id AS left_arrangement_id
      FROM heard news LEFT JOIN customers_transaction t ON t.id = news.transaction_id AND t.booking_date = news.booked_date
     WHERE t.id IS NULL OR {_SAYS_OTHERWISE}
), reversed AS (
    {_REVERSE} FROM news JOIN customers_transaction t ON t.id = news.standing_id AND t.booking_date = news.booked_date
), booked AS (
    INSERT INTO customers_transaction (
        id, system_id, source_key, version, arrangement_id, booking_date, sequence, amount, currency, balance_after, method, purpose,
        counterparty, counterparty_account, merchant_category, source_file_id, source_line, recorded_at)
    SELECT s.id, %(system)s, s.source_key, s.version + CASE WHEN s.standing_id IS NULL THEN 1 ELSE 2 END, s.arrangement_id,
           s.booking_date, s.sequence, s.amount, s.currency, s.balance_after, s.method, s.purpose, s.counterparty,
           s.counterparty_account, s.merchant_category, %(file)s, s.line, %(at)s
      FROM news s
), entered AS (
    UPDATE customers_bookedentry e
       SET position = heard.position,
           transaction_id = coalesce(news.id, e.transaction_id),
           booking_date = coalesce(news.booking_date, e.booking_date),
           version = e.version + CASE WHEN news.id IS NULL THEN 0 WHEN news.standing_id IS NULL THEN 1 ELSE 2 END
      FROM heard LEFT JOIN news ON news.id = heard.id
     WHERE e.system_id = %(system)s AND e.source_key = heard.source_key AND (news.id IS NOT NULL OR e.position < heard.position)
)
SELECT arrangement_id, left_arrangement_id FROM news
"""
_TAKE_BACK = f"""
WITH heard AS MATERIALIZED (
    SELECT s.id, s.line, s.source_key, s.position, e.version, e.transaction_id, e.booking_date
      FROM staged_gone s
      JOIN customers_bookedentry e ON e.system_id = %(system)s AND e.source_key = s.source_key AND e.position <= s.position
), reversed AS (
    {_REVERSE} FROM heard news JOIN customers_transaction t ON t.id = news.transaction_id AND t.booking_date = news.booking_date
    RETURNING arrangement_id
), entered AS (
    INSERT INTO customers_bookedentry AS known (system_id, source_key, position, version)
    SELECT %(system)s, source_key, position, -1 FROM staged_gone
        ON CONFLICT (system_id, source_key) DO UPDATE
       SET position = excluded.position, transaction_id = NULL, booking_date = NULL,
           version = known.version + CASE WHEN known.transaction_id IS NULL THEN 0 ELSE 1 END
     WHERE known.position <= excluded.position
)
SELECT arrangement_id FROM reversed
"""
_SETTLE_ANEW = f"""
UPDATE customers_arrangement a
   SET balance = newest.balance_after, balance_date = newest.booking_date, balance_sequence = newest.sequence
  FROM unnest(%s::uuid[]) AS changed (id)
  LEFT JOIN LATERAL ({NEWEST_STANDING.format(account="changed", since="'-infinity'")}) newest ON true
 WHERE a.id = changed.id
   AND (a.balance, a.balance_date, a.balance_sequence)
       IS DISTINCT FROM (newest.balance_after, newest.booking_date, newest.sequence)
"""


def correct_booked(stage: Stage, landing: Landing) -> int:
    """Book anew what the staged records say otherwise than what stands. The others of known entries are left. Returns how many."""
    stage.run(_ONLY_THE_NEWEST_WORD.format(table=stage.table))
    changed = stage.run(_CORRECT, system=landing.system, file=landing.file_id, at=landing.at)
    _settle_anew({arrangement for pair in changed for arrangement in pair if arrangement}, landing)
    return len(changed)


def take_back(records: Sequence[GoneRecord], landing: Landing) -> Loaded:
    """Reverse entries the source no longer has."""
    stage = Stage("staged_gone", records)
    stage.run(_ONLY_THE_NEWEST_WORD.format(table=stage.table))
    reversed_on = stage.run(_TAKE_BACK, system=landing.system, file=landing.file_id, at=landing.at)
    _settle_anew({arrangement for (arrangement,) in reversed_on}, landing)
    return Loaded(len(reversed_on))


def _settle_anew(arrangements: Collection[UUID], landing: Landing) -> None:
    """After a reversal the newest entry that stands may be an older one: ask all there are. In the caller's transaction."""
    changed = list(arrangements)
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE_ANEW, [changed])
    touch_holders(changed, landing)
