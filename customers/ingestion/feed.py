"""A feed: one kind of file of one system, recognised by its header, and how its columns become a canonical record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import repeat
from operator import itemgetter
from typing import Any, get_args, get_type_hints

from .converters import BadValue
from .records import Record


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record: the columns it is read from and what makes a value of their texts."""

    columns: tuple[str, ...]
    convert: Callable[..., Any]


def column(name: str, convert: Callable[[str], Any]) -> Field:
    return Field((name,), convert)


def columns(*names: str, convert: Callable[..., Any]) -> Field:
    return Field(names, convert)


def constant(value: object) -> Field:
    """The same for every line: what the source doesn't say because it is always so."""
    return Field((), lambda: value)


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a row cannot be used: a code for machines, a sentence for the clerk who will correct it."""

    code: str
    sentence: str


class RowRefused(ValueError):
    """A row with values that aren't what their columns should hold."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.sentence)
        self.complaint = complaint


Normalise = Callable[[int, Sequence[str]], Record]
"""(line, cells in the file's order) → record; raises RowRefused."""
NormaliseMany = Callable[[Sequence[tuple[int, Sequence[str]]]], list[Record] | None]
"""(line, cells) of many rows → their records; None if a row must be refused: which one and why, one by one tells."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Feed:
    """`moment` names the field that tells how new the data is; `last_day` is the last day of a closed data set.

    `told_apart_by`: the columns that tell its rows apart, where none of its fields names a row.

    `lenient`: files may have columns the feed doesn't know, and lack those no field is read from.
    """

    name: str
    system: str
    header: tuple[str, ...]
    record: type[Record]
    fields: Mapping[str, Field]
    moment: str | None = None
    last_day: date | None = None
    told_apart_by: tuple[str, ...] = ()
    lenient: bool = False

    def __post_init__(self) -> None:
        defaults = {name: constant(value) for name, value in self.record._field_defaults.items()}
        object.__setattr__(self, "fields", defaults | dict(self.fields))
        if set(self.fields) | {"line"} != set(self.record._fields):
            raise TypeError(f"{self.name}: {set(self.fields) ^ set(self.record._fields[1:])}")
        unknown = self.needed - set(self.header)
        if unknown:
            raise TypeError(f"{self.name}: no column {unknown}")

    @property
    def needed(self) -> set[str]:
        """The columns a field is read from."""
        return {name for field in self.fields.values() for name in field.columns}

    def recognises(self, header: Sequence[str]) -> bool:
        """The order of columns doesn't matter; a missing or additional one does, unless the feed is lenient."""
        if self.lenient:
            return self.needed <= set(header)
        return len(header) == len(self.header) and set(header) == set(self.header)

    def reader(self, header: Sequence[str], shift: timedelta = timedelta()) -> Normalise:
        """Reads rows whose cells come in the order of `header`, every date moved by `shift`."""
        make, plan = self.record, [_step(places, convert) for places, convert in self._plan(header, shift)]

        def normalise(line: int, cells: Sequence[str]) -> Record:
            if len(cells) != len(header):
                raise RowRefused(Complaint("wrong_columns", f"The line has {len(cells)} columns, not {len(header)}; it may be cut off."))
            try:
                return make(line, *[convert(pick(cells)) for convert, pick in plan])
            except BadValue:
                raise RowRefused(self._complaint(plan, cells)) from None

        return normalise

    def reader_of_many(self, header: Sequence[str], shift: timedelta = timedelta()) -> NormaliseMany:
        """As `reader`, for many rows at once: column by column, so that no step is taken once a row that can be taken once."""
        make, plan, width = self.record, self._plan(header, shift), len(header)

        def normalise_many(rows: Sequence[tuple[int, Sequence[str]]]) -> list[Record] | None:
            if not rows:
                return []
            if any(len(cells) != width for _, cells in rows):
                return None
            columns = list(zip(*(cells for _, cells in rows), strict=True))
            try:
                values = [map(convert, *(columns[place] for place in places)) if places else repeat(convert()) for places, convert in plan]
                return list(map(make, (line for line, _ in rows), *values))
            except BadValue:
                return None

        return normalise_many

    def _plan(self, header: Sequence[str], shift: timedelta) -> list[tuple[list[int], Callable[..., Any]]]:
        """Of each field behind the line: the places of its columns, and what converts their texts."""
        types = get_type_hints(self.record)
        dated = {name for name, kind in types.items() if {date, datetime} & {kind, *get_args(kind)}} if shift else set()
        places = {name: place for place, name in enumerate(header)}
        return [
            ([places[name] for name in field.columns], _shifted(field.convert, shift) if name in dated else field.convert)
            for name, field in ((name, self.fields[name]) for name in self.record._fields[1:])
        ]

    def _complaint(self, plan: Sequence["_Step"], cells: Sequence[str]) -> Complaint:
        """All that is wrong with a row, so that it is corrected once."""
        problems: list[BadValue] = []
        sentences: list[str] = []
        for field, (convert, pick) in zip(self.record._fields[1:], plan, strict=True):
            try:
                convert(pick(cells))
            except BadValue as problem:
                sentence = f"{' and '.join(self.fields[field].columns)}: {problem.sentence}."
                if sentence not in sentences:
                    sentences.append(sentence)
                problems.append(problem)
        return Complaint(problems[0].code, " ".join(sentences))


_Step = tuple[Callable[[Any], Any], Callable[[Sequence[str]], Any]]
"""How one field is made: what converts, and what picks its text (or texts) from the cells."""


def _step(places: list[int], convert: Callable[..., Any]) -> _Step:
    if not places:
        value = convert()
        return lambda _: value, len
    if len(places) == 1:
        return convert, itemgetter(places[0])
    return lambda texts: convert(*texts), itemgetter(*places)


def _shifted(convert: Callable[..., Any], shift: timedelta) -> Callable[..., Any]:
    def convert_and_shift(*texts: str) -> Any:
        value = convert(*texts)
        return None if value is None else value + shift

    return convert_and_shift
