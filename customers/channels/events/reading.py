"""The forms events come in, and the one form they get: CloudEvents 1.0 (structured, batch, binary) and Segment's track and identify.

What an event says is laid out in the columns of `customers.ingestion.feeds.channels`; what is missing or wrong is found there.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from bankos.platform.bounded import BeyondBounds, NotReadable, read_json
from bankos.platform.ids import uuid7
from customers.ingestion.feeds import channels as feed

LARGEST_BODY = 1_000_000
MOST_EVENTS = 500
CLOUD_EVENT = "application/cloudevents+json"
CLOUD_EVENTS = "application/cloudevents-batch+json"
JSON = "application/json"
IDENTIFY = "identify"
# Members of an event's data that say who, where and for what; everything else is its details.
_WHO = {"user_id": ("userId", "user_id"), "anonymous_id": ("anonymousId", "anonymous_id"), "email": ("email",)}
_HOW = {"channel": ("channel",), "campaign": ("campaign",), "detail": ("detail",)}
_TAKEN = {name for names in (*_WHO.values(), *_HOW.values()) for name in names}


class NotEvents(ValueError):
    """The body holds no events in any form that is read; the message says why."""


class TooLarge(NotEvents):
    """More than one request may hold."""


@dataclass(frozen=True, slots=True)
class Sender:
    """What is true of every event of a program unless the event says otherwise: whom it is about, among others.

    `spoken_for` is the customer the program speaks for, and no event can say otherwise.
    """

    client: UUID
    system: str
    channel: str
    customer: str = ""
    spoken_for: str = ""

    @property
    def source(self) -> str:
        """Of events that name no source: the program itself."""
        return f"client:{self.client}"


@dataclass(frozen=True, slots=True)
class Item:
    """An event as columns. `sha256` is of its content: two of one name with different content contradict each other."""

    source: str
    id: str
    sha256: str
    feed: str
    cells: dict[str, str]


def read(body: bytes, *, content_type: str, attributes: Mapping[str, str], sender: Sender, key: str, at: datetime) -> list[Item]:
    """The events of one request.

    Args:
        attributes: those that binary mode carries in headers, by name.
        key: the request's idempotency key: names events that have no id of their own.
    Raises:
        NotEvents, TooLarge
    """
    if len(body) > LARGEST_BODY:
        raise TooLarge(f"The body is larger than {LARGEST_BODY:,} bytes.")
    told = list(_events(_json(body), content_type, attributes))
    if not told:
        raise NotEvents("There is no event in it.")
    if len(told) > MOST_EVENTS:
        raise TooLarge(f"There are more than {MOST_EVENTS} events in it.")
    return [_item(event, sender, f"{key}#{place}" if key else "", at) for place, event in enumerate(told)]


def _json(body: bytes) -> Any:
    try:
        return read_json(body)
    except (BeyondBounds, NotReadable) as error:
        raise NotEvents(f"The body {error}.") from None


def _events(said: Any, content_type: str, attributes: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Each event as a CloudEvent or as Segment has it."""
    if attributes:  # binary mode: the body is the data
        if content_type != JSON:
            raise NotEvents(f"Data of an event in binary mode is {JSON}.")
        yield {**attributes, "data": said}
    elif content_type == CLOUD_EVENTS:
        yield from _objects(said)
    elif content_type in (CLOUD_EVENT, JSON):
        if isinstance(said, list):
            yield from _objects(said)
        elif isinstance(said, dict) and isinstance(said.get("batch"), list) and "specversion" not in said:
            shared = {name: value for name, value in said.items() if name in ("context", "userId", "anonymousId")}
            yield from ({**shared, **event} for event in _objects(said["batch"]))
        else:
            yield from _objects([said])
    else:
        raise NotEvents(f"Events come as {CLOUD_EVENT}, {CLOUD_EVENTS} or {JSON}.")


def _objects(said: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        raise NotEvents("An event is a JSON object.")
    yield from said


def _item(event: dict[str, Any], sender: Sender, name: str, at: datetime) -> Item:
    content = sha256(json.dumps(event, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    said = _cloud_event(event, sender) if "specversion" in event else _segment_event(event, sender)
    columns = {column: _text(said.get(column)) for column in feed.COLUMNS}
    columns["id"] = columns["id"] or _name(name, content, timed=bool(columns["time"]))
    columns["time"] = columns["time"] or at.isoformat()
    columns["channel"] = columns["channel"] or sender.channel
    columns["customer"] = columns["customer"] or sender.customer
    columns["email"] = columns["email"].strip().lower()
    columns["client"] = f"{sender.client}{feed.FOR}{sender.spoken_for}" if sender.spoken_for else str(sender.client)
    kind = columns["type"].rpartition(".")[2].strip().lower()
    if kind == IDENTIFY:
        return Item(columns["source"][:200], columns["id"][:200], content, feed.SIGN_INS.name, {**columns, IDENTIFY: "yes"})
    return Item(columns["source"][:200], columns["id"][:200], content, feed.EVENTS.name, columns)


def _name(of_request: str, content: str, *, timed: bool) -> str:
    """For an event without an id: by its place in a request that has a key, or by what it says and when. Otherwise it is a new one."""
    if of_request:
        return sha256(of_request.encode()).hexdigest()
    return content if timed else str(uuid7())


def _cloud_event(event: Mapping[str, Any], sender: Sender) -> dict[str, Any]:
    """CloudEvents 1.0. The subject is a customer's id, an e-mail address or the channel's own id of somebody."""
    data = event.get("data")
    said = data if isinstance(data, dict) else {}
    subject = _text(event.get("subject"))
    who = {"email" if "@" in subject else "customer" if _is_id(subject) else "user_id": subject} if subject else {}
    version = event.get("specversion")
    return {
        **_of(said),
        **_how(event),
        **who,
        # Another version of the standard is another form, which nobody promised to read.
        "type": event.get("type") if version == "1.0" else "",
        "id": event.get("id"),
        "source": feed.OWN if event.get("source") == sender.system else event.get("source"),
        "time": event.get("time"),
        "details": _rest(said) if isinstance(data, dict) else ({"data": data} if data is not None else {}),
    }


def _segment_event(event: Mapping[str, Any], sender: Sender) -> dict[str, Any]:
    kind = event.get("type")
    context = _object(event.get("context"))
    traits = {**_object(context.get("traits")), **_object(event.get("traits"))}
    said = _object(event.get("properties")) if kind != IDENTIFY else traits
    campaign = _object(context.get("campaign")).get("name")
    return {
        **_of(traits),
        **({"campaign": campaign} if campaign else {}),
        **_of(said),
        **_who(event),
        "type": event.get("event") if kind == "track" else kind,
        "id": event.get("messageId"),
        "source": sender.source,
        "time": event.get("timestamp") or event.get("originalTimestamp") or event.get("sentAt"),
        "channel": said.get("channel") or context.get("channel"),
        # Who somebody is stands in their own columns and in the request as it came, not in what happened.
        "details": _rest(said) if kind != IDENTIFY else {},
    }


def _of(said: Mapping[str, Any]) -> dict[str, Any]:
    return {**_who(said), **_how(said)}


def _who(said: Mapping[str, Any]) -> dict[str, Any]:
    return _picked(said, _WHO)


def _how(said: Mapping[str, Any]) -> dict[str, Any]:
    return _picked(said, _HOW)


def _picked(said: Mapping[str, Any], names: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    return {column: said[name] for column, spelt in names.items() for name in spelt if said.get(name) not in (None, "")}


def _rest(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in _TAKEN}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
