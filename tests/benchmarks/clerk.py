# ruff: noqa: T201
"""Who looks at the customers of a benchmark, and how what it took is told."""

from collections.abc import Sequence

from bankos.platform import roles
from bankos.platform.actors import Actor, Role, employee
from bankos.platform.models import User
from tests import arranging, people


def clerk(*branches: str) -> Actor:
    """A person who sees the customers of these branches."""
    user, _ = User.objects.get_or_create(username=f"benchmark-{'-'.join(branches)}"[:150], defaults={"name": "Siobhán Keane"})
    with roles.as_owner():
        people.make_functions()
    people.give(user, Role.BRANCH_STAFF)
    for code in branches:
        arranging.show_branch(code, to=user)
    return employee(user)


def milliseconds(name: str, seconds: Sequence[float]) -> float:
    """Print p50 and p95; returns p50."""
    ordered = sorted(1_000 * one for one in seconds)
    half, most = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    print(f"{name}: p50 {half:.1f} ms, p95 {most:.1f} ms of {len(ordered)}")
    return half
