# ruff: noqa: S608 - the statement is put together from constants; every value is a parameter.
"""What staff see first of a customer: which of the facts of all its members survives as its name, birth date, branch …

Of each system its word for the day (`customers.validity`); among these by the attribute's rule (`SurvivorshipRule`): what the customer
confirmed, unless the rule says otherwise; then the systems it names in its order, then the others by rank; or whoever spoke last, by
place (file, line). The facts themselves all stay, each with its
source.
"""

from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

from django.conf import settings
from django.db import connection

from .models import SourceSystem, SurvivorshipRule
from .rows import Said
from .validity import HOLDING

# What a customer's own columns hold.
SHOWN = ("name", "birth_date", "kind", "home_branch", "customer_since", "deceased")
_SURVIVE = f"""
WITH asked AS (
    SELECT %(day)s::date AS day, %(zone)s::text AS zone
), shown AS (
    SELECT shown.id, member.id AS member
      FROM customers_party member CROSS JOIN LATERAL (SELECT member.golden_id UNION SELECT member.id) AS shown (id)
     WHERE member.golden_id IN (SELECT golden_id FROM customers_party WHERE id = ANY(%(parties)s::uuid[]))
), word AS (
    {HOLDING.format(facts="fact.party_id IN (SELECT member FROM shown) AND fact.attribute = ANY(%(shown)s::text[])")}
), ranked AS (
    SELECT shown.id, word.attribute, word.value,
           row_number() OVER (
               PARTITION BY shown.id, word.attribute
               ORDER BY word.system_id = 'customer' AND coalesce(rule.confirmed_first, true) DESC,
                        CASE WHEN rule."order" = 'newest' THEN 0 ELSE coalesce(array_position(rule.systems, word.system_id), 1000) END,
                        CASE WHEN rule."order" = 'newest' THEN 0 ELSE source.rank END,
                        word.source_file_id DESC, word.source_line DESC
           ) AS place
      FROM shown JOIN word ON word.party_id = shown.member
      JOIN customers_sourcesystem source ON source.code = word.system_id
      LEFT JOIN customers_survivorshiprule rule ON rule.attribute = word.attribute
), survivors AS (
    SELECT id,
           max(value) FILTER (WHERE attribute = 'name') AS name,
           max(value) FILTER (WHERE attribute = 'birth_date')::date AS birth_date,
           max(value) FILTER (WHERE attribute = 'kind') AS kind,
           max(value) FILTER (WHERE attribute = 'home_branch') AS branch_code,
           max(value) FILTER (WHERE attribute = 'customer_since')::date AS customer_since,
           max(value) FILTER (WHERE attribute = 'deceased')::date AS deceased_date
      FROM ranked
     WHERE place = 1
     GROUP BY id
), known_as AS (
    -- Also by a name that has ended or is still to come.
    SELECT shown.id, left(string_agg(DISTINCT fact.normalised, ' ' ORDER BY fact.normalised), 400) AS search_name
      FROM shown JOIN customers_partyfact fact ON fact.party_id = shown.member AND fact.attribute IN ('name', 'former_name')
     GROUP BY shown.id
), become AS (
    -- Nobody is without a name: the last one stays until another one is true.
    SELECT survivors.*, coalesce(survivors.name, p.name) AS shown_name, known_as.search_name, branch.id AS branch_id
      FROM survivors JOIN known_as USING (id) JOIN customers_party p USING (id)
      JOIN customers_branch branch ON branch.code = survivors.branch_code
)
UPDATE customers_party p
   SET name = become.shown_name, birth_date = become.birth_date, search_name = become.search_name, kind = become.kind,
       home_branch_id = become.branch_id, customer_since = become.customer_since, deceased_date = become.deceased_date
  FROM become
 WHERE p.id = become.id
   AND (p.name, p.birth_date, p.search_name, p.kind, p.home_branch_id, p.customer_since, p.deceased_date) IS DISTINCT FROM
       (become.shown_name, become.birth_date, become.search_name, become.kind, become.branch_id, become.customer_since,
        become.deceased_date)
RETURNING p.golden_id
"""


def resurface(parties: Collection[UUID], *, day: date) -> set[UUID]:
    """Let the facts that count on the bank's day survive at the customers these parties are part of: of all members at the golden
    party, at each other member of its own. Returns the customers that changed. Queries: 1.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SURVIVE, {"shown": list(SHOWN), "parties": list(parties), "day": day, "zone": settings.TIME_ZONE})
        return {golden for (golden,) in cursor.fetchall()}


def first_word_first(said: Iterable[Said]) -> list[Said]:
    """What is said of one customer in the order of the attributes' rules: as `resurface` ranks it."""
    newest_first = sorted(said, key=lambda one: (one.file_id, one.line), reverse=True)
    return sorted(newest_first, key=_rank)


def _rank(said: Said) -> tuple[bool, int, int]:
    behind = said.system != SourceSystem.CUSTOMERS_WORD or said.rule_confirmed_first is False
    if said.rule_order == SurvivorshipRule.Order.NEWEST:
        return behind, 0, 0
    named = said.rule_systems or []
    return behind, (named.index(said.system) if said.system in named else len(named)), said.rank
