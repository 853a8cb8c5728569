"""Programs as two people let them in: an administrator asks, a compliance officer agrees, the key is made."""

from datetime import datetime, timedelta
from uuid import UUID

from bankos.platform.actors import Actor
from customers.channels import clients
from customers.channels.clients import Described, IssuedKey
from customers.models import ApiClient
from sentinel import actions


def made(described: Described, *, by: Actor, officer: Actor, at: datetime) -> ApiClient:
    asked = clients.make(described, reason="It is needed", actor=by, at=at)
    assert asked.carried.request_id, asked.carried.sentence
    assert actions.approve(asked.carried.request_id, actor=officer, at=at).done
    return ApiClient.objects.get(pk=asked.client_id)


def changed(client_id: UUID, described: Described, *, by: Actor, officer: Actor, at: datetime) -> None:
    asked = clients.change(client_id, described, reason="It is needed", actor=by, at=at)
    if not asked.carried.done:
        assert asked.carried.request_id, asked.carried.sentence
        assert actions.approve(asked.carried.request_id, actor=officer, at=at).done


def key_of(
    client_id: UUID,
    *,
    by: Actor,
    officer: Actor,
    at: datetime,
    lifetime: timedelta = clients.LIFETIME,
    overlap: timedelta = clients.OVERLAP,
) -> IssuedKey:
    asked = clients.issue_key(client_id, reason="It is needed", actor=by, at=at, lifetime=lifetime, overlap=overlap)
    assert asked.carried.request_id, asked.carried.sentence
    assert actions.approve(asked.carried.request_id, actor=officer, at=at).done
    (leave,) = clients.key_leaves(client_id, actor=by, at=at)
    return clients.make_key(leave, actor=by, at=at)
