"""One process of the bank that does what it is told: a JSON command a line in, its outcome a line out.

Run by `test_two_processes.py`, twice, so that two real processes with connections of their own meet in the database.
"""

import json
import os
import sys
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.test")
django.setup()

from bankos.platform import clock  # noqa: E402 - models need settings first
from bankos.platform.actors import Actor, ActorKind  # noqa: E402
from sentinel import approvals  # noqa: E402
from sentinel.approvals import ApprovalError  # noqa: E402
from sentinel.authority import AuthorityError, Decision, TokenError, authorize, consume  # noqa: E402
from tests.sentinel import desk  # noqa: E402

_decided: dict[str, Decision] = {}


def person(said: dict[str, Any]) -> Actor:
    return Actor(ActorKind.EMPLOYEE, said["id"], "Somebody", frozenset(said["roles"]), "B1")


def ask(said: dict[str, Any]) -> dict[str, Any]:
    decision = authorize(
        actor=person(said["actor"]),
        action=desk.TRANSFER,
        resource=desk.party(),
        parameters=desk.parameters(desk.TRANSFER, amount=said["amount"]),
        at=clock.now(),
        approval=UUID(said["approval"]) if said["approval"] else None,
    )
    request = ""
    if decision.outcome == "needs_approval":
        request = str(approvals.request(decision, at=clock.now()).id)
    return {"id": str(decision.id), "token": decision.token, "outcome": str(decision.outcome), "request": request}


def use(said: dict[str, Any]) -> dict[str, Any]:
    used = consume(
        said["token"],
        action=desk.TRANSFER,
        resource_type="Party",
        resource_id=desk.party().id,
        parameters=desk.parameters(desk.TRANSFER, amount=said["amount"]),
        at=clock.now(),
    )
    return {"used": str(used.decision_id)}


def answer(said: dict[str, Any]) -> dict[str, Any]:
    face = approvals.approve if said["agree"] else approvals.refuse
    return {"state": str(face(UUID(said["request"]), actor=person(said["actor"]), at=clock.now()).state)}


COMMANDS = {"ask": ask, "use": use, "answer": answer}


def main() -> None:
    for line in sys.stdin:
        said = json.loads(line)
        try:
            outcome = COMMANDS[said["do"]](said)
        except (AuthorityError, TokenError, ApprovalError) as error:
            outcome = {"no": type(error).__name__}
        sys.stdout.write(json.dumps(outcome) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
