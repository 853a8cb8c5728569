"""The register of models: fit one, name the one in charge, read it back as it was."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from sentinel.authority import ModelRef, canonical

from .models import ModelAlias, ModelVersion

if TYPE_CHECKING:
    from .cashflow.model import Coefficients

CASHFLOW = "cashflow-quantiles"
PROGRAM = Path(__file__).parent / "cashflow"


class NoSuchVersion(Exception):
    """There is no such version of this model."""


@dataclass(frozen=True, slots=True)
class Champion:
    """The model in charge at a moment, ready to compute with."""

    id: UUID
    name: str
    version: int
    sha256: str
    coefficients: "Coefficients"

    @property
    def ref(self) -> ModelRef:
        return ModelRef(self.name, str(self.version), self.sha256)


def champion_at(at: datetime) -> Champion | None:
    """The version that was in charge at that moment, if any. Queries: 1."""
    from .cashflow.model import Coefficients

    newest = ModelAlias.objects.filter(model=CASHFLOW, alias=ModelAlias.Alias.CHAMPION, since__lte=at).order_by("-since", "-id")
    row = newest.select_related("version").first()
    if row is None:
        return None
    version = row.version
    return Champion(version.pk, version.name, version.version, version.sha256, Coefficients.from_params(version.params))


def champion_or_fit(at: datetime) -> Champion:
    """The version in charge; the first one is fitted and put in charge at once.

    So is the next one when the program itself has changed: the version in charge could not be computed as it was.

    Raises:
        TooLittleHistory: there is nothing to learn from yet.
    """
    champion = champion_at(at)
    if champion is not None and champion.sha256 == _sha256(champion.coefficients.as_params()):
        return champion
    fitted = fit(at=at)
    why = "the first of its kind" if champion is None else f"the program of version {champion.version} is no longer installed"
    promote(fitted, set_by="insights.cashflow", why=why, at=at)
    champion = champion_at(at)
    assert champion is not None  # noqa: S101
    return champion


def fit(*, at: datetime) -> int:
    """Learn a version from the accounts as they are known at `at`. It is in charge of nothing yet.

    Returns:
        the number of the version.

    Raises:
        TooLittleHistory: there is nothing to learn from yet.
    """
    from . import reading
    from .cashflow import model

    book = reading.sample(at=at, accounts=model.MOST_EXAMPLES // model.ORIGINS)
    if book is None:
        raise model.TooLittleHistory("there are no current accounts")
    coefficients, metrics = model.fit(model.examples_of(book.panel))
    return register(coefficients, metrics=metrics, data_until=book.as_of, at=at)


def register(coefficients: "Coefficients", *, metrics: dict[str, float], data_until: date, at: datetime) -> int:
    """Keep what was learnt as the next version. Returns its number."""
    params = coefficients.as_params()
    with transaction.atomic():
        last = ModelVersion.objects.filter(name=CASHFLOW).order_by("-version").values_list("version", flat=True).first()
        row = ModelVersion.objects.create(
            name=CASHFLOW,
            version=(last or 0) + 1,
            sha256=_sha256(params),
            params=params,
            metrics={name: round(value, 4) for name, value in metrics.items()},
            data_until=data_until,
            fitted_at=at,
        )
    return row.version


def promote(version: int, *, set_by: str, why: str, at: datetime) -> None:
    """Put a version in charge from `at` on.

    Raises:
        NoSuchVersion: it was never fitted.
    """
    row = ModelVersion.objects.filter(name=CASHFLOW, version=version).first()
    if row is None:
        raise NoSuchVersion(f"{CASHFLOW} {version}")
    ModelAlias.objects.create(model=CASHFLOW, alias=ModelAlias.Alias.CHAMPION, version=row, since=at, set_by=set_by, why=why)


@lru_cache(maxsize=1)
def _program() -> str:
    digest = hashlib.sha256()
    for file in sorted(PROGRAM.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _sha256(params: dict[str, Any]) -> str:
    return hashlib.sha256((_program() + canonical(params)).encode()).hexdigest()
