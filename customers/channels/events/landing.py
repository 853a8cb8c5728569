"""Events land: the request as it came and each event of it, in one transaction, before anything is made of them."""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from bankos.platform.ids import uuid7
from customers.ingestion.feed import RowRefused
from customers.ingestion.formats import feed_named
from customers.models import ApiClient, EventPost, WaitingArrival

from . import reading
from .reading import Item, Sender

LONGEST_KEY = 128
NEXT = (
    "Accepted events are kept and become part of their customer's state in the order of arrival, as a rule within a second. Of whom nobody "
    "is known waits for its customer; what was rejected can be corrected and run again by the bank's staff."
)


class KeyReused(Exception):
    """The idempotency key was used for another request."""


class Backlog(Exception):
    """More events wait than may: come back later."""


class Fate(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Request:
    """What came over HTTP."""

    body: bytes
    content_type: str
    attributes: Mapping[str, str]
    idempotency_key: str = ""


_ARRIVE = """
INSERT INTO customers_eventarrival (post_id, place, system_id, source, event_id, sha256, feed, cells)
SELECT %(post)s::uuid, place, %(system)s, source, event_id, sha256, feed, cells
  FROM jsonb_to_recordset(%(items)s::jsonb) AS item (place int, source text, event_id text, sha256 text, feed text, cells jsonb)
 ORDER BY place
    ON CONFLICT (system_id, source, event_id) DO NOTHING
RETURNING place, number
"""
_KNOWN = """
SELECT item.place, known.sha256 = item.sha256
  FROM jsonb_to_recordset(%(items)s::jsonb) AS item (place int, source text, event_id text, sha256 text)
  JOIN customers_eventarrival known ON (known.system_id, known.source, known.event_id) = (%(system)s, item.source, item.event_id)
 WHERE known.post_id <> %(post)s::uuid OR known.place <> item.place
"""


def land(request: Request, *, client: ApiClient, customer: str = "", spoken_for: str = "", at: datetime) -> dict[str, Any]:
    """Keep what a program sent. Returns what is answered: the fate of each event.

    Args:
        customer: the customer all of it is about, if that was said beside the events.
        spoken_for: the customer the program speaks for. Of others than it may know of it tells nothing: that waits, as of nobody.
    Raises:
        NotEvents, TooLarge, KeyReused, Backlog
    """
    if request.idempotency_key:
        answered = _answered(request, client)
        if answered is not None:
            return answered
    _refuse_if_full()
    sender = Sender(client.pk, str(client.system_id), client.channel, customer, spoken_for)
    items = reading.read(
        request.body,
        content_type=request.content_type,
        attributes=request.attributes,
        sender=sender,
        key=f"{client.pk}/{request.idempotency_key}" if request.idempotency_key else "",
        at=at,
    )
    try:
        with transaction.atomic():
            return _keep(request, items, client=client, system=sender.system, at=at)
    except IntegrityError:
        # The same request, sent twice at the same moment: the other one was kept.
        answered = _answered(request, client) if request.idempotency_key else None
        if answered is None:
            raise
        return answered


def _keep(request: Request, items: Sequence[Item], *, client: ApiClient, system: str, at: datetime) -> dict[str, Any]:
    post = uuid7()
    rows = [
        {"place": place, "source": item.source, "event_id": item.id, "sha256": item.sha256, "feed": item.feed, "cells": item.cells}
        for place, item in enumerate(items)
    ]
    parameters: dict[str, Any] = {"post": post, "system": system, "items": json.dumps(rows, ensure_ascii=False)}
    with connection.cursor() as cursor:
        cursor.execute(_ARRIVE, parameters)  # its foreign key is looked at when the transaction ends
        arrived = dict(cursor.fetchall())
        same: dict[int, bool] = {}
        if len(arrived) < len(items):
            cursor.execute(_KNOWN, parameters)
            same = dict(cursor.fetchall())
    fates = [_fate(place, item, place in arrived, same.get(place, True)) for place, item in enumerate(items)]
    answer = {"events": fates, "next": NEXT}
    EventPost.objects.create(
        id=post,
        client=client,
        content_type=request.content_type[:80],
        attributes=dict(request.attributes),
        idempotency_key=request.idempotency_key,
        sha256=sha256(request.body).hexdigest(),
        body=zlib.compress(request.body),
        answer=answer,
        received_at=at,
    )
    WaitingArrival.objects.bulk_create(WaitingArrival(arrival_id=number) for number in sorted(arrived.values()))
    return answer


def _fate(place: int, item: Item, arrived: bool, same: bool) -> dict[str, Any]:
    fate, reason = Fate.ACCEPTED, ""
    if not arrived:
        fate = Fate.DUPLICATE if same else Fate.CONFLICT
        reason = "" if same else "An event of this source and id came before and said something else. The first one counts."
    else:
        try:
            feed = feed_named(item.feed)
            feed.reader(feed.header)(0, [item.cells[name] for name in feed.header])
        except RowRefused as refused:
            fate, reason = Fate.REJECTED, refused.complaint.sentence
    return {"place": place, "id": item.id, "status": str(fate), "reason": reason}


def _answered(request: Request, client: ApiClient) -> dict[str, Any] | None:
    before = EventPost.objects.filter(client=client, idempotency_key=request.idempotency_key).values("sha256", "answer").first()
    if before is None:
        return None
    if before["sha256"] != sha256(request.body).hexdigest():
        raise KeyReused
    answer: dict[str, Any] = before["answer"]
    return answer


def _refuse_if_full() -> None:
    most: int = settings.EVENTS_WAITING_AT_MOST
    if WaitingArrival.objects.order_by("pk")[most : most + 1].exists():
        raise Backlog
