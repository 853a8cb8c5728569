"""What goes of the events of an erased customer: what each said, and every request one of them came in.

A request holds up to some hundred events of whomever: it goes as a whole, and what the others say stands in their own rows. All arrivals
are looked through once, as most events bring nothing new and leave nothing else by which they could be found.
"""

import zlib
from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Lower

from customers.ingestion.feeds.channels import FEEDS, FOR
from customers.ingestion.reading import packed
from customers.models import EventArrival, EventPost, PartyIdentifier, Signal, SourceChunk, SourceFile, WaitingArrival
from customers.rights.naming import CUSTOMER, EMAIL, Names
from customers.rights.raw import MARK, mark
from customers.rights.reach import Category, Erasing, also
from sentinel import redaction

STREAM = FEEDS[-1].name
_NAMED_BY = {"customer": CUSTOMER, "user_id": "user_id", "anonymous_id": "anonymous_id", "email": EMAIL}


def _arrivals(erasing: Erasing) -> "QuerySet[EventArrival]":
    streams = SourceFile.objects.filter(feed=STREAM).exclude(Exists(SourceChunk.objects.filter(file=OuterRef("pk"))))
    numbers: set[int] = set()
    for model in (Signal, PartyIdentifier):
        own = model._base_manager.filter(party__in=erasing.members, source_file__in=streams)
        numbers.update(own.values_list("source_line", flat=True))
    named = Q(pk__in=())
    for column, kind in _NAMED_BY.items():
        named |= Q(**{f"{column}_said__in": erasing.names.keys.get(kind, ())})
    for key in erasing.names.keys.get(CUSTOMER, ()):
        named |= Q(cells__client__endswith=f"{FOR}{key}")
    said = {f"{column}_said": Lower(KT(f"cells__{column}")) for column in _NAMED_BY}
    found = set(EventArrival.objects.annotate(**said).filter(named).values_list("pk", flat=True))
    # Somebody else who shares an address: what they did is theirs.
    others = Signal.objects.filter(source_file__in=streams, source_line__in=found).exclude(party__in=erasing.members)
    numbers |= found - set(others.values_list("source_line", flat=True))
    return EventArrival.objects.filter(pk__in=numbers)


def _requests(arrivals: "QuerySet[EventArrival]", names: Names) -> set[UUID]:
    """Those the arrivals came in, and those that said again what had been said."""
    found = set(arrivals.values_list("post_id", flat=True))
    again = Q(pk__in=())
    for status in ("duplicate", "conflict"):
        again |= Q(answer__contains={"events": [{"status": status}]})
    for post in EventPost.objects.filter(again).exclude(pk__in=found).iterator(chunk_size=1):
        if names.stand_in(zlib.decompress(bytes(post.body)).decode(errors="replace")):
            found.add(post.pk)
    return found


@also(Category.BEHAVIOUR)
def _events(erasing: Erasing) -> int:
    arrivals = _arrivals(erasing)
    numbers = list(arrivals.values_list("pk", flat=True))
    gone = _take_requests(_requests(arrivals, erasing.names), erasing.decision_id)
    WaitingArrival.objects.filter(pk__in=numbers).delete()  # nothing is made of them any more
    return gone + redaction.redact(erasing.decision_id, EventArrival._meta.db_table, "cells", numbers)


def _take_requests(ids: Collection[UUID], decision_id: UUID) -> int:
    table, gone = EventPost._meta.db_table, 0
    for post in EventPost.objects.filter(pk__in=ids).order_by("pk").iterator(chunk_size=1):
        body = zlib.decompress(bytes(post.body))
        if not body.startswith(MARK):
            redaction.replace(decision_id, table, "body", post.pk, packed(mark(body)))
            gone += 1
    return gone + sum(redaction.redact(decision_id, table, column, list(ids)) for column in ("attributes", "answer"))
