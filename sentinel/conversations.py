"""Questions back to the asker of an approval, and their answers: part of the evidence, kept with the request."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bankos.platform import events
from bankos.platform.actors import Actor

from . import approvals
from .approvals import State
from .models import ApprovalMessage

SOURCE = "sentinel.approvals"
SAID = "sentinel.approval.said"
LONGEST = 500


class NothingSaid(ValueError):
    """An empty text, or one that is too long."""


@dataclass(frozen=True, slots=True)
class Said:
    """`by_asker`: an answer of the person who asked for approval; otherwise a question to them."""

    text: str
    author_name: str
    by_asker: bool
    at: datetime


def say(request_id: UUID, text: str, *, actor: Actor, at: datetime) -> None:
    """Ask the asker something, or answer as the asker. Only while the request is open.

    Raises:
        approvals.UnknownRequest, approvals.NotEligible: neither the asker nor somebody who may answer the request.
        approvals.AlreadyAnswered, approvals.ApprovalExpired, NothingSaid
    """
    hindrance = approvals.hindrance(request_id, actor=actor, at=at)
    if hindrance not in (None, approvals.MakerIsChecker):
        raise hindrance
    if approvals.view(request_id, at=at).state is not State.OPEN:
        raise approvals.AlreadyAnswered
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise NothingSaid(f"Write a sentence of at most {LONGEST} characters.")
    with transaction.atomic():
        ApprovalMessage.objects.create(request_id=request_id, author_id=actor.id, author_name=actor.name, text=text, at=at)
        events.publish(SAID, subject=str(request_id), data={"author": actor.id}, source=SOURCE, at=at)


def conversation(request_id: UUID, *, asker_id: str) -> list[Said]:
    """What was said, in order. Queries: 1."""
    rows = ApprovalMessage.objects.filter(request_id=request_id).order_by("id")
    return [Said(row.text, row.author_name, row.author_id == asker_id, row.at) for row in rows]


def open_questions(request_ids: list[UUID], *, asker_id: str) -> set[UUID]:
    """Those of an asker's requests in which the last word is a question to them. Queries: 1, none for an empty list."""
    if not request_ids:
        return set()
    last = ApprovalMessage.objects.filter(request__in=request_ids).order_by("request_id", "-id").distinct("request_id")
    return {row.request_id for row in last if row.author_id != asker_id}
