# ruff: noqa: T201
"""What an answer to another system costs, from the request's bytes to the answer's, with its decision committed.

    DATABASE_URL=postgres://… python tests/benchmarks/authzen_over_http.py [ENTITIES]

On an empty, migrated database. A store of 200,000 users (or ENTITIES) in 500 teams with the policies of the certification scenario;
Django's own client, so without the sockets. Medians.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.test")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

from bankos.platform import clock  # noqa: E402 - models need settings first
from sentinel.models import StoreEntity  # noqa: E402
from tests.sentinel.authzen.certification import ONE, READ  # noqa: E402
from tests.sentinel.authzen.service import deploy  # noqa: E402

TEAMS = 500


def fill(store: str, users: int) -> None:
    at = clock.now()

    def entity(type: str, id: str, parents: list[dict[str, str]]) -> StoreEntity:
        return StoreEntity(store_id=store, type=type, entity_id=id, attributes={}, parents=parents, changed_at=at)

    StoreEntity.objects.bulk_create([entity("team", f"t{n}", []) for n in range(TEAMS)])
    people = (entity("user", f"u{n:07}", [{"type": "team", "id": f"t{n % TEAMS}"}]) for n in range(users))
    StoreEntity.objects.bulk_create(people, batch_size=5_000)


def user(n: int) -> dict[str, str]:
    return {"type": "user", "id": f"u{n:07}"}


def main(users: int) -> None:
    app = deploy()
    fill("records", users)
    read = {"action": READ, "resource": ONE}
    cases: dict[str, tuple[str, Any, int]] = {
        "one evaluation": ("evaluation", read | {"subject": user(1_234)}, 300),
        "a batch of 100": ("evaluations", read | {"evaluations": [{"subject": user(n)} for n in range(100)]}, 30),
        "a search, 100 results": ("search/subject", read | {"subject": {"type": "user"}}, 30),
        "a search, 2,000 candidates, no result": (
            "search/subject",
            {"action": {"name": "delete"}, "resource": ONE, "subject": {"type": "user"}},
            10,
        ),
    }
    for name, (endpoint, said, rounds) in cases.items():
        body, times = json.dumps(said).encode(), []
        for _ in range(rounds + 2):
            began = time.perf_counter()
            assert app.send(endpoint, body).status_code == 200
            times.append(time.perf_counter() - began)
        print(f"{name}: {statistics.median(times[2:]) * 1000:.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
