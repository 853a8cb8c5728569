"""What channels send event by event over HTTP (customers.channels.events): the same columns whatever form an event had."""

import json
import re
from hashlib import sha256
from uuid import UUID

from bankos.platform.bounded import read_json

from ..converters import BadValue, key, moment, same, shown, text
from ..feed import Feed, column, columns
from ..records import EventRecord, SignInRecord

COLUMNS = (
    "id",
    "source",
    "type",
    "customer",
    "user_id",
    "anonymous_id",
    "email",
    "time",
    "channel",
    "campaign",
    "detail",
    "details",
    "client",
)
CHANNELS = same("app", "web", "phone", "branch", "email", "letter")
LONGEST_DETAILS = 4_000
LONGEST_KEY = 39
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


def kind_of(type: str) -> str:
    """The last part of an event's type as a code: "Loan Application Abandoned", "com.bank.LoanApplicationAbandoned" → the same kind."""
    words = _CAMEL.sub("_", type.strip().rstrip("./").replace("/", ".").rpartition(".")[2])
    code = _NOT_A_WORD.sub("_", words.lower()).strip("_")
    if not code:
        raise BadValue("missing", "is empty")
    if len(code) > 40 or not code[0].isalpha():
        raise BadValue("bad_type", f"{shown(type)} does not end in a kind of up to 40 letters that begins with one")
    return code


def _key(source: str, id: str) -> str:
    """What a system calls an event itself stays its key; an id that counts only together with its source becomes their hash."""
    own = key(200)(id)
    if key(200)(source) == OWN and len(own) <= LONGEST_KEY:
        return own
    return sha256(json.dumps([source, own]).encode()).hexdigest()[:LONGEST_KEY]


def _details(value: str) -> str:
    if len(value) > LONGEST_DETAILS:
        raise BadValue("too_long", f"is longer than {LONGEST_DETAILS:,} characters")
    try:
        said = read_json(value or "{}")
    except ValueError:
        raise BadValue("bad_details", "is not JSON") from None
    if not isinstance(said, dict):
        raise BadValue("bad_details", "is not a JSON object")
    return json.dumps(said, ensure_ascii=False)


def _id_or_nothing(value: str) -> str:
    try:
        return str(UUID(value)) if value else ""
    except ValueError:
        raise BadValue("bad_customer", f"{shown(value)} is not the id of a customer") from None


def _sender(value: str) -> str:
    """The program that sent it."""
    return _id_or_nothing(value.partition(FOR)[0])


def _spoken_for(value: str) -> str:
    """Whom the program spoke for as it sent it; empty if for nobody."""
    return _id_or_nothing(value.partition(FOR)[2])


FOR = "/"
"""Between a program and the customer it spoke for, in the column `client`."""
OWN = "own"
"""The source of events whose ids are a system's own keys."""

WHO = {
    "customer": column("customer", _id_or_nothing),
    "user_id": column("user_id", text(80)),
    "anonymous_id": column("anonymous_id", text(80)),
    "email": column("email", lambda value: text(200)(value).lower()),
    "client": column("client", _sender),
    "spoken_for": column("client", _spoken_for),
}
EVENTS = Feed(
    name="channels.events",
    system="digital",
    header=COLUMNS,
    record=EventRecord,
    moment="occurred_at",
    fields={
        "source_key": columns("source", "id", convert=_key),
        **WHO,
        "occurred_at": column("time", moment),
        "channel": column("channel", CHANNELS),
        "kind": column("type", kind_of),
        "campaign": column("campaign", text(100)),
        "detail": column("detail", text(200)),
        "details": column("details", _details),
    },
)
SIGN_INS = Feed(name="channels.sign_ins", system="digital", header=(*COLUMNS, "identify"), record=SignInRecord, fields=WHO)

FEEDS = (SIGN_INS, EVENTS)
