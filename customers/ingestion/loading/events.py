"""Events of channels, as signals of who they are about; and the ids by which channels know people.

Who it was is said by the customer's id, by an id of the channel's (told before, or later, by an `identify`), or by the e-mail address. What
cannot be told yet is refused and waits: it is tried again when its customer appears (customers.channels.events.waiting).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from customers import programs
from customers.models import ApiClient
from customers.visibility import visible_party_ids

from ..landed import Landing, Loaded
from ..records import EventRecord, SignInRecord
from ..staging import Stage
from .touched import touch

FOUND = {"party_id": "uuid", "parties": "integer"}
UNKNOWN, SHARED = "unknown_login", "shared_email"

# The surest first; each looks only at those nothing surer found.
_BY_CUSTOMER = """
UPDATE {stage} s SET party_id = p.id, parties = 1 FROM customers_party p WHERE s.customer <> '' AND p.id = s.customer::uuid
"""
_BY_IDENTIFIER = """
UPDATE {stage} s SET party_id = i.party_id, parties = 1
  FROM customers_partyidentifier i
 WHERE s.party_id IS NULL AND s.customer = '' AND s.{column} <> ''
   AND i.system_id = %(system)s AND i.kind = '{column}' AND i.value = s.{column}
"""
_BY_EMAIL = """
UPDATE {stage} s SET party_id = found.members[1], parties = found.customers
  FROM (SELECT f.normalised, array_agg(f.party_id ORDER BY f.party_id) AS members, count(DISTINCT member.golden_id) AS customers
          FROM customers_partyfact f JOIN customers_party member ON member.id = f.party_id
         WHERE f.attribute = 'email' AND f.normalised IN (SELECT email FROM {stage} WHERE email <> '')
         GROUP BY f.normalised) found
 WHERE s.party_id IS NULL AND s.customer = '' AND found.normalised = s.email
"""
_SENDERS = """
SELECT s.client::uuid, array_agg(DISTINCT s.party_id) FROM {stage} s WHERE s.client <> '' AND s.party_id IS NOT NULL GROUP BY 1
"""
# A program tells of customers it may know of, and while it speaks for one, or may know of nobody else, of that one. Of others it learns no
# more than that nobody is known.
_OUT_OF_REACH = """
    s.client <> '' AND s.party_id IS NOT NULL AND (
        NOT EXISTS (SELECT FROM jsonb_to_recordset(%(seen)s::jsonb) AS seen (client uuid, party uuid, alone boolean)
                     WHERE seen.client = s.client::uuid AND seen.party = s.party_id AND (seen.alone OR s.spoken_for <> ''))
     OR s.spoken_for <> '' AND NOT EXISTS (
        SELECT FROM customers_party meant JOIN customers_party other ON other.golden_id = meant.golden_id
         WHERE meant.id = s.party_id AND other.id = s.spoken_for::uuid))
"""
_LOAD_EVENTS = """
INSERT INTO customers_signal (
    id, party_id, kind, channel, detail, campaign, details, occurred_at, source_key, source_file_id, source_line, recorded_at)
SELECT id, party_id, kind, channel, detail, campaign, details::jsonb, occurred_at, %(system)s || ':' || source_key, %(file)s, line, %(at)s
  FROM staged_event
 ORDER BY line
    ON CONFLICT (source_key) DO NOTHING
RETURNING party_id
"""
_NAMES = """
SELECT id, party_id, line, 'user_id' AS kind, user_id AS value FROM staged_sign_in WHERE user_id <> ''
 UNION ALL SELECT other_id, party_id, line, 'anonymous_id', anonymous_id FROM staged_sign_in WHERE anonymous_id <> ''
"""
_CONTRADICTS = f"""
    line IN (
        SELECT named.line FROM ({_NAMES}) named JOIN customers_party p ON p.id = named.party_id
          JOIN customers_partyidentifier i ON (i.system_id, i.kind, i.value) = (%(system)s, named.kind, named.value)
          JOIN customers_party known ON known.id = i.party_id
         WHERE known.golden_id <> p.golden_id
         UNION
        SELECT later.line FROM ({_NAMES}) later JOIN ({_NAMES}) first USING (kind, value)
         WHERE first.line < later.line AND first.party_id <> later.party_id)
"""  # noqa: S608 - our own text
_LOAD_SIGN_INS = f"""
INSERT INTO customers_partyidentifier (id, party_id, system_id, kind, value, source_file_id, source_line, recorded_at)
SELECT DISTINCT ON (kind, value) id, party_id, %(system)s, kind, value, %(file)s::uuid, line, %(at)s::timestamptz FROM ({_NAMES}) named
 ORDER BY kind, value, line
    ON CONFLICT (system_id, kind, value) DO NOTHING
RETURNING party_id, source_line
"""  # noqa: S608 - our own text


def load_events(records: Sequence[EventRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_event", records, found=FOUND)
    stage.refuse(
        "unknown_type",
        "Events of the kind “{kind}” are not known. Add it to the kinds of events, then run the row again.",
        "NOT EXISTS (SELECT FROM customers_eventkind k WHERE k.code = s.kind)",
    )
    _find(stage, landing, ("user_id", "email", "anonymous_id"))
    changed = stage.run(_LOAD_EVENTS, system=landing.system, file=landing.file_id, at=landing.at)
    touch({party for (party,) in changed}, landing)
    return Loaded(len(changed), stage.complaints)


def load_sign_ins(records: Sequence[SignInRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_sign_in", records, ids=("id", "other_id"), found=FOUND)
    _find(stage, landing, ("email", "user_id", "anonymous_id"))  # what is told of an id is judged by the address, not by the id itself
    stage.refuse(
        "contradicts", "The channel knew somebody else under this id before; a person must find out who it is.", _CONTRADICTS,
        system=landing.system,
    )  # fmt: skip
    changed = stage.run(_LOAD_SIGN_INS, system=landing.system, file=landing.file_id, at=landing.at)
    touch({party for party, _ in changed}, landing)
    return Loaded(len({line for _, line in changed}), stage.complaints)


def _find(stage: Stage, landing: Landing, ways: Sequence[str]) -> None:
    stage.run(_BY_CUSTOMER.format(stage=stage.table))
    for way in ways:
        find = _BY_EMAIL if way == "email" else _BY_IDENTIFIER
        stage.run(find.format(stage=stage.table, column=way), system=landing.system)
    nobody = "Nobody is known by what this event says of who it was. It waits until they are."
    if senders := stage.run(_SENDERS.format(stage=stage.table)):
        stage.refuse(UNKNOWN, nobody, _OUT_OF_REACH, seen=json.dumps(_seen_by(dict(senders))))
    stage.refuse(UNKNOWN, nobody, "party_id IS NULL")
    stage.refuse(SHARED, "{parties} customers share this e-mail address; it doesn't tell who signed in.", "parties > 1")


def _seen_by(meant: Mapping[UUID, Sequence[UUID]]) -> list[dict[str, Any]]:
    """Of the records programs tell of, those each may know of; `alone`: also while it speaks for nobody. Queries: 1 a program, and 1."""
    clients = ApiClient.objects.filter(pk__in=meant)
    return [
        {"client": str(client.pk), "party": str(party), "alone": not programs.only_spoken_for(client)}
        for client in clients
        for party in visible_party_ids(programs.reach_of(client), meant[client.pk])
    ]
