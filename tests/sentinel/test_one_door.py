"""Nothing but the runner authorises, uses permits up and executes: there is no second door."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

DOORS = {"authorize", "authorize_many", "consume", "consume_permit", "permit_beyond_policies"}
# The authority itself, the runner, a second person's answer, and the first policies of a bank that has none.
INSIDE = {"sentinel/authority.py", "sentinel/actions/running.py", "sentinel/approvals.py", "sentinel/policy.py"}
OURS = ("bankos", "customers", "demobank", "insights", "journeys", "sentinel")
SOURCES = [file for package in OURS for file in sorted((Path(settings.BASE_DIR) / package).rglob("*.py"))]


def doors_of(file: Path) -> set[str]:
    """The functions of the authority this module calls."""
    called = (node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    names = {one.attr if isinstance(one, ast.Attribute) else one.id for one in called if isinstance(one, ast.Attribute | ast.Name)}
    return names & DOORS


def test_only_the_runner_asks_and_uses_permits_up() -> None:
    asking = {file.relative_to(settings.BASE_DIR).as_posix() for file in SOURCES if doors_of(file)}

    assert asking == INSIDE


@pytest.mark.parametrize("text", ["authority.authorize(actor=x)", "consume(token)"])
def test_a_second_door_would_be_seen(text: str, tmp_path: Path) -> None:
    (tmp_path / "door.py").write_text(text)

    assert doors_of(tmp_path / "door.py")
