"""What erasing reaches: for each category, which columns of which tables, and what is to be done besides.

Each floor says of its own tables what goes with which category (`goes`, `also`), and of every other column in which somebody could have
written something why it stays (`stays`); a test holds it to that for every table that leads to a customer. Values are taken out by
`sentinel.redaction`, which keeps their hashes, the raw lines of their rows by `raw`.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import BinaryField, CharField, Field, JSONField, Model, Q, QuerySet, TextField

from sentinel import redaction

from ..models import RetentionRule
from . import raw
from .contributions import about_customer
from .naming import Names, names_of

Category = RetentionRule.Category
WHOLE = ""
"""Stands for all columns of a table."""
MOST_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Erasing:
    """Whose data goes, and on which decision. `names` are read before anything is gone."""

    members: tuple[UUID, ...]
    decision_id: UUID
    at: datetime
    names: Names


Rows = Callable[[Erasing], "QuerySet[Any]"]
Step = Callable[[Erasing], int]


@dataclass(frozen=True, slots=True)
class Held:
    """Columns of a table, and which of its rows are the customer's. A row that came from a line of a file goes with that line."""

    model: type[Model]
    columns: tuple[str, ...]
    rows: Rows


_goes: dict[str, list[Held]] = {category: [] for category in Category}
_steps: dict[str, list[Step]] = {category: [] for category in Category}
_stays: dict[tuple[str, str], str] = {}


def goes(category: Category, model: type[Model], *columns: str, rows: Rows | None = None) -> None:
    """Say which columns go with a category; without `rows`, those of rows that name the customer.

    Each column needs an `Erasable` in a migration.
    """
    _goes[category].append(Held(model, columns, rows or _of_customer(model)))


def also(category: Category) -> Callable[[Step], Step]:
    """Register what else is done when a category goes, before its values do. It returns how many values went; twice is once."""

    def register(step: Step) -> Step:
        _steps[category].append(step)
        return step

    return register


def stays(model: type[Model] | str, *columns: str, why: str) -> None:
    """Say of columns that could hold anything, or without any of a whole table, why they keep what they hold."""
    label = model if isinstance(model, str) else model._meta.label
    _stays.update({(label, column): why for column in columns or (WHOLE,)})


def undecided(model: type[Model]) -> list[str]:
    """The columns of a table that could hold anybody's words or data and of which nobody said whether they go."""
    label = model._meta.label
    if (label, WHOLE) in _stays:
        return []
    going = {column for held in _goes.values() for one in held if one.model is model for column in one.columns}
    wordy = (field.name for field in model._meta.concrete_fields if _could_hold_anything(field))
    return [name for name in wordy if name not in going and (label, name) not in _stays]


def erase(categories: Collection[str], members: Collection[UUID], *, decision_id: UUID, at: datetime) -> dict[str, int]:
    """Erase these categories of one customer, in the caller's transaction. Returns how many values and lines went of each."""
    erasing = Erasing(tuple(members), decision_id, at, names_of(members))
    return {category: _erase(category, erasing) for category in categories}


def _erase(category: str, erasing: Erasing) -> int:
    held = _goes[category]
    gone = raw.take_lines([one.rows(erasing) for one in held if _has_lines(one.model)], erasing.decision_id)
    gone += sum(step(erasing) for step in _steps[category])
    return gone + sum(_values(one, erasing) for one in held)


def _values(held: Held, erasing: Erasing) -> int:
    table, gone = held.model._meta.db_table, 0
    column_of = {field.name: field.column for field in held.model._meta.concrete_fields}
    columns = [column_of[name] for name in held.columns]
    ids: list[Any] = []
    for id in held.rows(erasing).order_by().values_list("pk", flat=True).iterator(chunk_size=MOST_AT_ONCE):
        ids.append(id)
        if len(ids) == MOST_AT_ONCE:
            gone += sum(redaction.redact(erasing.decision_id, table, column, ids) for column in columns)
            ids = []
    return gone + sum(redaction.redact(erasing.decision_id, table, column, ids) for column in columns)


def _of_customer(model: type[Model]) -> Rows:
    return lambda erasing: model._base_manager.filter(about_customer(model, erasing.members) or Q(pk__in=()))


def _has_lines(model: type[Model]) -> bool:
    return any(field.name == "source_file" for field in model._meta.concrete_fields)


def _could_hold_anything(field: Field) -> bool:
    base = field.base_field if isinstance(field, ArrayField) else field
    return isinstance(base, CharField | TextField | JSONField | BinaryField) and not base.choices
