"""The copy of everything held about a customer (GDPR Art. 15 and 20): made by a job, kept encrypted for some days.

A piece of the job is a few hundred records, so that memory is bounded however much is held. Each copy is encrypted with a key of its own;
deleting it empties the key.
"""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from bankos.platform import jobs, vault
from bankos.platform.actors import Actor, Role
from bankos.platform.jobs import JobKind, Work
from sentinel import actions
from sentinel.actions import Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from .. import acting
from ..members import customer_of
from ..models import AccessExport, AccessExportPart, RightsRequest
from ..visibility import NotVisible, visible_parties_subquery
from . import asking
from .contributions import Contribution, Record, Subject, contributions

__all__ = ["CopyView", "NotReady", "ask", "copy_of", "delete_old", "hand_out", "records"]

PART = 300
"""Records."""
KEPT = timedelta(days=7)
State = AccessExport.State


class NotReady(Exception):
    """The copy is still being made, or is deleted already."""


@dataclass(frozen=True, slots=True)
class CopyView:
    """How far a copy is. `percent` counts sections; `problem` says why it cannot be made."""

    request_id: UUID
    party_id: UUID
    state: str
    percent: int
    problem: str
    records: int
    ready_at: datetime | None
    gone_at: datetime | None


def ask(party_id: UUID, *, checked: str, heard_on: str, actor: Actor, at: datetime) -> UUID:
    """Record that the customer asks for a copy, and have it made. Returns the request's id.

    Raises:
        NotVisible, sentinel.authority.NotPermitted
    """
    return asking.record(party_id, asking.Kind.ACCESS, checked=checked, heard_on=heard_on, actor=actor, at=at)


def _begin(request: RightsRequest, permitted: Permitted) -> None:
    AccessExport.objects.create(request=request, key=vault.wrap(vault.new_data_key()))
    jobs.start(COPY, _subject(request.pk), actor=permitted.actor, at=permitted.at, total=len(contributions()))


asking.follows(asking.Kind.ACCESS, _begin)


def copy_of(request_id: UUID, *, actor: Actor) -> CopyView:
    """Raises NotVisible. Queries: 2."""
    return _view(_visible(request_id, actor))


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
    export = _visible(request_id, actor)
    if export.state != State.READY:
        raise NotReady(request_id)
    asked: dict[str, Any] = {"resource_id": str(export.request.party_id), "parameters": {"request": str(request_id)}}
    actions.run(HAND_OUT, actor=actor, at=at, **asked).or_raise()
    return export


def _hand_out(permitted: Permitted) -> None:
    request = RightsRequest.objects.select_for_update().filter(pk=permitted.parameters["request"], state=asking.State.OPEN).first()
    if request is not None:
        asking.close(request, asking.State.DONE, answer="The copy was handed out.", at=permitted.at)


HAND_OUT = actions.declare(
    ActionType(
        name="access.hand_out",
        title="Download the copy of a customer's data",
        resource_type=acting.PARTY,
        parameters={"request": ParameterKind.UUID},
        risk=RiskTier.HIGH,
    ),
    facts=asking.customer,
    effect=_hand_out,
)


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


def _next_part(work: Work, at: datetime) -> bool:
    """One part. Whether there may be another."""
    making = AccessExport.objects.select_for_update(of=("self",)).filter(request=UUID(work.job.about_id), state=State.MAKING)
    export = making.select_related("request").first()
    if export is None:  # deleted meanwhile, because the customer was erased
        return False
    section, behind = work.job.place or (0, "")
    sections = contributions()
    if section < len(sections):
        contribution = sections[section]
        found = contribution.read(subject_of(export.request.party_id, at=export.request.asked_at), behind, PART)
        if found:
            export.parts += 1
            _keep(export, contribution.name, [record for _, record in found])
            export.records += len(found)
            behind = found[-1][0]
        if len(found) < PART:
            section, behind = section + 1, ""
    ready = section >= len(sections)
    if ready:
        export.state, export.ready_at, export.gone_at = State.READY, at, at + KEPT
    export.save()
    work.report(section, len(sections), place=[section, behind])
    return not ready


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
    row = jobs.of(COPY, _subject(export.pk)).first()
    job = jobs.view_of(row) if row else None
    return CopyView(
        request_id=export.pk,
        party_id=export.request.party_id,
        state=export.state,
        percent=job.percent if job else 0,
        problem=job.problem if job and not job.going_on and export.state == State.MAKING else "",
        records=export.records,
        ready_at=export.ready_at,
        gone_at=export.gone_at,
    )


def _subject(request_id: UUID) -> str:
    return f"RightsRequest/{request_id}"


COPY = JobKind(
    "customers.access_copy",
    "Copy of a customer’s data",
    _next_part,
    atomic=True,
    seen_by=frozenset({Role.COMPLIANCE}),
    page=lambda job: reverse("access-copy", args=[job.about_id]),
)
