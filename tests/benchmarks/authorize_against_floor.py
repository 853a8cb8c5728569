# ruff: noqa: T201
"""What a decision costs, against the least it could cost: one bare Cedar evaluation, one Ed25519 signature, one INSERT with its commit.

    DATABASE_URL=postgres://… python tests/benchmarks/authorize_against_floor.py [ROUNDS]

On an empty, migrated database whose server commits durably. 200 policies; single decisions (a commit each) and batches of 100. The two
sides take turns in one run; medians and their ratio are printed.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.test")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

import cedarpy  # noqa: E402 - models need settings first
from django.db import connection  # noqa: E402

from bankos.platform import clock, keys  # noqa: E402
from bankos.platform.ids import uuid7  # noqa: E402
from sentinel import catalogue, policy  # noqa: E402
from sentinel.authority import Question, authorize, authorize_many  # noqa: E402
from sentinel.models import Decision  # noqa: E402
from tests.sentinel import desk  # noqa: E402
from tests.sentinel.policy_life import put_in_force  # noqa: E402

POLICIES, BATCH = 200, 100
FILLER = """
@id("filler-{n}")
@sentence("A rule of the bank that this request does not concern.")
@customer("This rule does not concern you.")
@owner("Benchmark")
@basis("None")
forbid (principal, action == Action::"{action}", resource)
when {{ resource has days_past_due && resource.days_past_due > {n} && context.parameters.product == "product_{n}" }};
"""


def two_hundred_policies() -> policy.Texts:
    """The starting set, filled up with rules about offers."""
    texts = policy.starting_set()
    own = texts.policies.count("@id(")
    filler = "".join(FILLER.format(n=n, action=("credit.offer", "product.offer")[n % 2]) for n in range(100_000, 100_000 + POLICIES - own))
    return texts._replace(policies=texts.policies + filler)


class Floor:
    """What any authority would have to do: nothing else is done here."""

    def __init__(self, texts: policy.Texts) -> None:
        self.policies, self.schema = cedarpy.PolicySet.from_str(texts.policies), cedarpy.Schema.from_str(texts.schema)
        sample = Decision.objects.order_by("-id").values().first()
        assert sample is not None
        self.columns = [field.column for field in Decision._meta.concrete_fields]
        values = [sample[field.attname] for field in Decision._meta.concrete_fields]
        self.row = [json.dumps(value) if isinstance(value, dict) else value for value in values]
        self.row = ["[]" if name == "approvals" else value for name, value in zip(self.columns, self.row, strict=True)]
        self.payload = str(sample["token"]).encode()
        self.private = keys.signing_key().private.private_key
        self.place = 1_000_000_000
        # The driver's own cursor, without Django's wrapping.
        self.cursor = connection.connection.cursor()

    def evaluate_and_sign(self) -> None:
        party, staff = desk.party(), desk.staff()
        question = {
            "principal": {"type": "Employee", "id": staff.id},
            "action": {"type": "Action", "id": desk.TRANSFER},
            "resource": {"type": "Party", "id": party.id},
            "context": {
                "parameters": desk.parameters(desk.TRANSFER),
                "facts": {},
                "request": {"at": "2026-11-24T10:00:00.000Z", "hour": 10, "weekday": 2, "purposes": []},
            },
        }
        entities = [
            {"uid": question["principal"], "attrs": {"roles": ["branch_staff"], "line": [], "branch": "B1"}, "parents": []},
            {"uid": question["resource"], "attrs": dict(party.attributes), "parents": []},
        ]
        answer = cedarpy.is_authorized(question, self.policies, json.dumps(entities), schema=self.schema)
        assert answer.allowed
        self.private.sign(self.payload)

    def new_row(self) -> list[object]:
        self.place += 1
        fresh = {"id": uuid7(), "leaf_index": self.place}
        return [fresh.get(name, value) for name, value in zip(self.columns, self.row, strict=True)]

    def one(self) -> None:
        self.evaluate_and_sign()
        self._insert([self.new_row()])

    def many(self) -> None:
        for _ in range(BATCH):
            self.evaluate_and_sign()
        self._insert([self.new_row() for _ in range(BATCH)])

    def _insert(self, rows: list[list[object]]) -> None:
        line = f"({', '.join(['%s'] * len(self.columns))})"
        names = ", ".join(f'"{name}"' for name in self.columns)
        values = [value for row in rows for value in row]
        self.cursor.execute(f"INSERT INTO {self.table} ({names}) VALUES {', '.join([line] * len(rows))}", values)

    table = "bare_decision"


def ask_one() -> None:
    decision = authorize(
        actor=desk.staff(), action=desk.TRANSFER, resource=desk.party(), parameters=desk.parameters(desk.TRANSFER), at=clock.now()
    )
    assert decision.outcome == "permit"


def ask_many() -> None:
    question = Question(desk.staff(), desk.TRANSFER, desk.party(), desk.parameters(desk.TRANSFER))
    assert len(authorize_many([question] * BATCH, at=clock.now())) == BATCH


def timed(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - began)


def compare(name: str, ours: Callable[[], None], floor: Callable[[], None], rounds: int, of: int, allowed: float) -> None:
    for call in (ours, floor) * 5:
        call()
    pairs = [(timed(floor), timed(ours)) for _ in range(rounds)]
    least, spent = (statistics.median(side) / of for side in zip(*pairs, strict=True))
    print(f"{name:12} floor {least:7.3f} ms   authorize {spent:7.3f} ms   ratio {spent / least:5.2f}   (target {allowed})")


def main(rounds: int) -> None:
    for action_type in desk.ACTION_TYPES.values():
        try:
            catalogue.register(action_type)
        except ValueError:
            continue  # the floors above have registered theirs
    texts = two_hundred_policies()
    policy.load_starting_set(at=clock.now())
    put_in_force(texts.policies, texts.schema)
    ask_one()
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("DROP TABLE IF EXISTS bare_decision")
        cursor.execute("CREATE TABLE bare_decision (LIKE sentinel_decision INCLUDING ALL)")
        for column, table in (("policy_version_id", "policyversion"), ("context_key_id", "contextkey"), ("approval_id", "approvalrequest")):
            cursor.execute(f"ALTER TABLE bare_decision ADD FOREIGN KEY ({column}) REFERENCES sentinel_{table}")
        cursor.execute("GRANT ALL ON bare_decision TO bankos_app")
        cursor.execute("SET ROLE bankos_app")
        cursor.execute("SHOW synchronous_commit")
        print(f"{texts.policies.count('@id(')} policies, synchronous_commit {cursor.fetchone()[0]}")
    floor = Floor(texts)
    compare("one by one", ask_one, floor.one, rounds, 1, 1.5)
    compare("batch of 100", ask_many, floor.many, max(10, rounds // 20), BATCH, 1.2)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
