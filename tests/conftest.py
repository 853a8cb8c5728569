"""Plugins the tests are made of; each floor's fixtures live in a module of their own."""

import pytest

pytest_plugins = ["tests.servers", "tests.processes", "tests.bank"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a whole bank, which takes a minute to fill, go to one process where two share the work."""
    for item in items:
        for bank in ("e2e", "demo"):
            if f"/tests/{bank}/" in item.path.as_posix():
                item.add_marker(pytest.mark.xdist_group(bank))
