"""What is held about customers, and who tells it: every table that names a customer contributes to the copy they may ask for.

Each table with a customer's id contributes by itself, column by column: a new one is covered from its first day. Floors register what
has to be told in other words, what is reached by another way, and, with the reason, what is not told.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import BinaryField, Field, ForeignKey, Model, Q, UUIDField

from bankos.platform.models import User

from ..models import Party, SourceFile

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose data it is: all records of one customer."""

    golden: UUID
    members: tuple[UUID, ...]
    at: datetime


Read = Callable[[Subject, str, int], list[tuple[str, Record]]]
"""(subject, cursor, limit) → the next records behind the cursor ("" at first), each with its own cursor."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """One section of the copy. `models` are the labels of the tables it tells."""

    name: str
    title: str
    read: Read
    models: frozenset[str]


_told: dict[str, Contribution] = {}
_left_out: dict[str, str] = {}


def tell(name: str, title: str, *models: type[Model] | str) -> Callable[[Read], Read]:
    """Register a section with what reads it."""

    def register(read: Read) -> Read:
        if name in _told:
            raise ValueError(f"{name} is told twice")
        _told[name] = Contribution(name, title, read, frozenset(_label(model) for model in models))
        return read

    return register


def leave_out(model: type[Model] | str, *, why: str) -> None:
    """Say of a table that names customers why it is not told."""
    _left_out[_label(model)] = why


def contributions() -> tuple[Contribution, ...]:
    """All sections, in a fixed order: those in words of their own, then the tables that speak for themselves."""
    covered = {label for one in _told.values() for label in one.models} | _left_out.keys()
    rest = (_of_table(model) for model in tables_of_customers() if model._meta.label not in covered)
    return (*_told.values(), *sorted(rest, key=lambda one: one.name))


def left_out() -> Mapping[str, str]:
    """Tables that name customers and are not told → why."""
    return dict(_left_out)


def tables_of_customers() -> Iterator[type[Model]]:
    """Every table in which a row is about a customer."""
    for model in apps.get_models():
        if model._meta.managed and (_by_id(model) or _by_resource(model)):
            yield model


def about_customer(model: type[Model], members: Collection[UUID]) -> Q:
    """Which rows of a table that names customers are about this one."""
    found = Q()
    for name in _by_id(model):
        found |= Q(**{f"{name}__in": members})
    if _by_resource(model):
        found |= Q(resource_type="Party", resource_id__in=[str(member) for member in members])
    return found


def rows(model: type[Model], about: Q, subject: Subject, after: str, limit: int, *, without: frozenset[str] = frozenset()) -> list:
    """The next rows of a table, as they are."""
    found = model._base_manager.filter(about).order_by("pk")
    if after:
        found = found.filter(pk__gt=after)
    sources = [name for name in ("source_file",) if _has(model, name)]
    if sources:
        found = found.select_related("source_file__system")
    return [(str(row.pk), record_of(row, without=without)) for row in found[:limit]]


def record_of(row: Model, *, without: frozenset[str] = frozenset()) -> Record:
    """A row's columns in plain JSON. Who else is named in it stays out, and where it came from is said in words."""
    told: Record = {}
    for field in row._meta.concrete_fields:
        if field.name in without or _names_a_customer(field) or isinstance(field, BinaryField) or field.name == "source_line":
            continue
        if field.name == "source_file":
            told["source"] = source_of(row)
        elif isinstance(field, ForeignKey) and field.related_model is User:
            continue  # colleagues are told by what they did, not by their ids
        else:
            value = getattr(row, field.attname)
            told[field.name] = plain(dict(field.flatchoices).get(value, value) if isinstance(value, str) else value)
    return told


def source_of(row: Any) -> Record:
    """Where a loaded row came from; bankos itself where it was not loaded."""
    file: SourceFile | None = row.source_file
    if file is None:
        return {"system": "bankos"}
    return {"system": file.system.name, "file": file.name, "line": row.source_line}


def plain(value: Any) -> Any:
    """A value as JSON has it: exact amounts and moments as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _of_table(model: type[Model]) -> Contribution:
    def read(subject: Subject, after: str, limit: int) -> list[tuple[str, Record]]:
        return rows(model, about_customer(model, subject.members), subject, after, limit)

    title = str(model._meta.verbose_name_plural).capitalize()
    return Contribution(model._meta.label_lower, title, read, frozenset([model._meta.label]))


def _by_id(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if _names_a_customer(field)]


def _by_resource(model: type[Model]) -> bool:
    return {"resource_type", "resource_id"} <= {field.name for field in model._meta.concrete_fields}


def _names_a_customer(field: Field) -> bool:
    if isinstance(field, ForeignKey):
        return field.related_model is Party
    return isinstance(field, UUIDField) and field.name == "party_id"


def _has(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _label(model: type[Model] | str) -> str:
    return model if isinstance(model, str) else model._meta.label
