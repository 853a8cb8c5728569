"""Plugins the tests are made of; each floor's fixtures live in a module of their own."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("patient", parent=settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

pytest_plugins = ["tests.servers", "tests.processes", "tests.bank"]

BANKS = ("tests/e2e/", "tests/demo/")
# What takes minutes begins first, so that no process waits for another at the end.
LONGEST = ("tests/e2e/", "tests/test_leaks.py", "tests/platform/test_start.py", "tests/faults/")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((place for place, name in enumerate(LONGEST) if item.nodeid.startswith(name)), len(LONGEST)))


class OneBankOneProcess(LoadScopeScheduling):
    """Where two processes share the work, the tests of a whole bank, which takes a minute to fill, go to one; so do those of a module."""

    def _split_scope(self, nodeid: str) -> str:
        return next((bank for bank in BANKS if nodeid.startswith(bank)), nodeid.partition("::")[0])


# The marks of its groups are lost on the way: https://github.com/pytest-dev/pytest-xdist/issues/1386
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return OneBankOneProcess(config, log)
