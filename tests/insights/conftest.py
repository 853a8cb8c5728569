"""A town of households, the model that forecasts them, and the people who answer suggestions."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from bankos.platform import actors
from bankos.platform.actors import Actor, Role
from customers.models import Branch
from insights import registry
from insights.cashflow import model
from insights.cashflow.model import Coefficients
from tests import arranging, people

from .households import crowd
from .town import NIGHT, TODAY, Town


@pytest.fixture(scope="session")
def coefficients() -> Coefficients:
    """Learnt once, from three hundred made-up households."""
    return model.fit(model.examples_of(crowd(300)))[0]


@pytest.fixture
def champion(db: None, coefficients: Coefficients) -> int:
    """The model in charge. Returns its version."""
    version = registry.register(coefficients, metrics={}, data_until=TODAY, at=NIGHT)
    registry.promote(version, set_by="tests", why="the only one", at=NIGHT)
    return version


@pytest.fixture
def policies(db: None) -> None:
    call_command("policies", verbosity=0)


@pytest.fixture
def town(policies: None, tmp_path: Path) -> Town:
    return Town(tmp_path)


@pytest.fixture
def staff(db: None) -> Callable[..., Actor]:
    """`staff("branch_staff", branch="GAL1")`: a person of the bank who sees that branch's customers."""

    def hire(role: str, *, branch: str = "GAL1") -> Actor:
        name = f"{role}-{branch}-{get_user_model().objects.count()}"
        user = get_user_model().objects.create(username=name, name=name.title(), branch_code=branch)
        people.give(user, Role(role))
        if branch and Branch.objects.filter(code=branch).exists():
            arranging.show_branch(branch, to=user)
        return actors.employee(user)

    return hire
