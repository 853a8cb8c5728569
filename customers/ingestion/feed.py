"""A feed: one kind of file of one system, recognised by its header, and how its columns become a canonical record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Feed:
    """`moment` names the field that tells how new the data is; `last_day` is the last day of a closed data set."""

    name: str
    system: str
    header: tuple[str, ...]
    record: type[Record]
    fields: Mapping[str, Field]
    moment: str | None = None
    last_day: date | None = None

    def __post_init__(self) -> None:
        if set(self.fields) | {"line"} != set(self.record._fields):
            raise TypeError(f"{self.name}: {set(self.fields) ^ set(self.record._fields[1:])}")
        unknown = {name for field in self.fields.values() for name in field.columns} - set(self.header)
        if unknown:
            raise TypeError(f"{self.name}: no column {unknown}")

    def recognises(self, header: Sequence[str]) -> bool:
        """The order of columns doesn't matter; a missing or additional one does."""
        return len(header) == len(self.header) and set(header) == set(self.header)

    def reader(self, header: Sequence[str], shift: timedelta = timedelta()) -> Normalise:
        """Reads rows whose cells come in the order of `header`, every date moved by `shift`."""
        make = self.record
        types = get_type_hints(self.record)
        dated = {name for name, kind in types.items() if {date, datetime} & {kind, *get_args(kind)}} if shift else set()
        places = {name: place for place, name in enumerate(header)}
        plan = [
            _step([places[name] for name in self.fields[field].columns], self.fields[field].convert, shift if field in dated else None)
            for field in self.record._fields[1:]
        ]

        def normalise(line: int, cells: Sequence[str]) -> Record:
            if len(cells) != len(header):
                raise RowRefused(Complaint("wrong_columns", f"The line has {len(cells)} columns, not {len(header)}; it may be cut off."))
            try:
                return make(line, *[convert(pick(cells)) for convert, pick in plan])
            except BadValue:
                raise RowRefused(self._complaint(plan, cells)) from None

        return normalise

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


def _step(places: list[int], convert: Callable[..., Any], shift: timedelta | None) -> _Step:
    if shift is not None:
        convert = _shifted(convert, shift)
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
