"""The copy of everything held about a customer (GDPR Art. 15 and 20): made in the background, kept encrypted for some days.

It is made in parts of a few hundred records. A part and how far the work is commit together, so that a worker that dies costs one part, and
memory is bounded by it however much is held. Each copy is encrypted with a key of its own; deleting it empties the key.
"""

import json
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from kombu.exceptions import OperationalError

from bankos.platform import vault
from bankos.platform.actors import Actor
from sentinel import authority

from ..members import customer_of
from ..models import AccessExport, AccessExportPart, RightsRequest
from ..visibility import NotVisible, visible_parties_subquery
from . import asking
from .action_types import HAND_OUT
from .contributions import Contribution, Record, Subject, contributions

__all__ = ["CopyView", "NotReady", "ask", "copy_of", "delete_old", "hand_out", "records", "sweep", "work"]

PART = 300  # records
SECONDS_A_TASK = 20
KEPT = timedelta(days=7)
SILENT = timedelta(seconds=60)
FETCHED_WITHIN = 60  # seconds
State = AccessExport.State


class NotReady(Exception):
    """The copy is still being made, or is deleted already."""


@dataclass(frozen=True, slots=True)
class CopyView:
    """How far a copy is. `percent` counts sections."""

    request_id: UUID
    party_id: UUID
    state: str
    percent: int
    records: int
    ready_at: datetime | None
    gone_at: datetime | None


def ask(party_id: UUID, *, checked: str, heard_on: str, actor: Actor, at: datetime) -> UUID:
    """Record that the customer asks for a copy, and have it made. Returns the request's id.

    Raises:
        NotVisible, sentinel.authority.NotPermitted
    """
    with authority.keeping_evidence():
        request = asking.record(party_id, asking.Kind.ACCESS, checked=checked, heard_on=heard_on, actor=actor, at=at)
        AccessExport.objects.create(request=request, key=vault.wrap(vault.new_data_key()), sections=len(contributions()), alive_at=at)
        transaction.on_commit(partial(_hand_to_workers, request.pk))
    return request.pk


def copy_of(request_id: UUID, *, actor: Actor) -> CopyView:
    """Raises NotVisible. Queries: 1."""
    return _view(_visible(request_id, actor))


def work(request_id: UUID, *, at: datetime) -> None:
    """Make part after part, for some seconds; what is left is for the next task. Asked once too often, there is nothing to do."""
    until = time.monotonic() + SECONDS_A_TASK
    while _next_part(request_id, at):
        if time.monotonic() > until:
            _hand_to_workers(request_id)
            return


def sweep(*, at: datetime) -> int:
    """Ask again for copies nobody works on any more. Returns how many."""
    silent = AccessExport.objects.filter(state=State.MAKING, alive_at__lt=at - SILENT)
    ids = list(silent.values_list("pk", flat=True))
    for request_id in ids:
        _hand_to_workers(request_id)
    return len(ids)


def delete_old(*, at: datetime) -> int:
    """Delete what was kept long enough. Returns how many."""
    gone = 0
    for export in AccessExport.objects.filter(state=State.READY, gone_at__lte=at):
        delete(export, at=at)
        gone += 1
    return gone


def delete(export: AccessExport, *, at: datetime) -> None:
    """Its key first: without it no backup of the parts can be read."""
    with transaction.atomic():
        AccessExport.objects.filter(pk=export.pk).update(state=State.GONE, key=None, gone_at=at)
        AccessExportPart.objects.filter(export=export.pk).delete()


def hand_out(request_id: UUID, *, actor: Actor, at: datetime) -> AccessExport:
    """Let this person have the copy: a decision of its own, each time.

    Raises:
        NotVisible, NotReady, sentinel.authority.NotPermitted
    """
    with authority.keeping_evidence():
        export = _visible(request_id, actor)
        if export.state != State.READY:
            raise NotReady(request_id)
        asking.allowed(export.request.party, HAND_OUT, {"request": str(request_id)}, actor=actor, at=at)
        if export.request.state == asking.State.OPEN:
            asking.close(export.request, asking.State.DONE, answer="The copy was handed out.", at=at)
    return export


def records(export: AccessExport) -> Iterator[tuple[Contribution, list[Record]]]:
    """All that is in a copy, part by part, in the order of its sections; a section of which nothing is held comes once, empty."""
    key = vault.unwrap(bytes(export.key or b""))
    for contribution in contributions():
        pieces = AccessExportPart.objects.filter(export=export.pk, section=contribution.name).order_by("number")
        none = True
        for piece in pieces.iterator(chunk_size=1):
            none = False
            text = zlib.decompress(vault.decrypt(key, bytes(piece.cipher), bound_to=_binding(export.pk, piece.number)))
            yield contribution, json.loads(text)
        if none:
            yield contribution, []


def _next_part(request_id: UUID, at: datetime) -> bool:
    """One part, all or nothing. Whether there may be another."""
    with transaction.atomic():
        making = AccessExport.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=request_id, state=State.MAKING)
        export = making.select_related("request").first()
        if export is None:
            return False
        subject = subject_of(export.request.party_id, at=export.request.asked_at)
        contribution = contributions()[export.section]
        found = contribution.read(subject, export.cursor, PART)
        if found:
            export.parts += 1
            _keep(export, contribution.name, [record for _, record in found])
            export.records += len(found)
            export.cursor = found[-1][0]
        if len(found) < PART:
            export.section, export.cursor = export.section + 1, ""
        export.alive_at = at
        if export.section == export.sections:
            export.state, export.ready_at, export.gone_at = State.READY, at, at + KEPT
        export.save()
        return export.state == State.MAKING


def subject_of(party_id: UUID, *, at: datetime) -> Subject:
    """All records of the customer. Queries: 1."""
    customer = customer_of(party_id, actor=None)
    return Subject(customer.golden.pk, tuple(customer.ids), at)


def _keep(export: AccessExport, section: str, found: list[Record]) -> None:
    text = zlib.compress(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode())
    cipher = vault.encrypt(vault.unwrap(bytes(export.key or b"")), text, bound_to=_binding(export.pk, export.parts))
    AccessExportPart.objects.create(export=export, number=export.parts, section=section, cipher=cipher)


def _binding(export_id: UUID, number: int) -> bytes:
    return export_id.bytes + number.to_bytes(4)


def _visible(request_id: UUID, actor: Actor) -> AccessExport:
    visible = RightsRequest.objects.filter(party__in=visible_parties_subquery(actor)).values("pk")
    export = AccessExport.objects.filter(pk=request_id, request__in=visible).select_related("request__party").first()
    if export is None:
        raise NotVisible(request_id)
    return export


def _view(export: AccessExport) -> CopyView:
    return CopyView(
        request_id=export.pk,
        party_id=export.request.party_id,
        state=export.state,
        percent=100 * export.section // max(export.sections, 1),
        records=export.records,
        ready_at=export.ready_at,
        gone_at=export.gone_at,
    )


def _hand_to_workers(request_id: UUID) -> None:
    from .tasks import make_copy

    with suppress(OperationalError):  # the sweeper asks again
        make_copy.apply_async([str(request_id)], expires=FETCHED_WITHIN)
