"""Resolving a table of persons that is not the bank's: the bank's own way, for any set of records that says who they are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from .conclusion import conclude
from .descriptions import Description, describe
from .model import Model, Score
from .scoring import pair_up, put_records, score
from .training import learn
from .zones import Thresholds

_FIELDS = {
    "given_name": "given_name",
    "surname": "surname",
    "date_of_birth": "birth_date",
    "soc_sec_id": "national_id",
    "street_number": "house_number",
    "address_1": "address_1",
    "address_2": "address_2",
    "suburb": "town",
    "postcode": "postcode",
}
_LEAST_KEPT = -30.0


@dataclass(frozen=True, slots=True)
class Resolved:
    """`persons`: the row numbers of each person with two and more records; `scores`: every pair compared, by row numbers as text."""

    persons: list[set[int]]
    scores: list[Score]
    compared: int
    model: Model

    def pairs(self) -> set[tuple[int, int]]:
        """Every two rows that are one person's, the lower row first."""
        return {(left, right) for person in self.persons for left in person for right in person if left < right}


def resolve_frame(frame: pd.DataFrame, *, thresholds: Thresholds = Thresholds(), model: Model | None = None) -> Resolved:  # noqa: B008
    """Which rows are about the same person.

    Reads the columns given_name, surname, date_of_birth, soc_sec_id, street_number, address_1, address_2, suburb, postcode, phone and
    email as far as they are there, and no other. A person may have any number of rows. Without `model` one is learned from the rows.
    """
    records = _descriptions(frame)
    # Named by what they say, so that the same rows in another order give the same persons.
    rows = sorted(range(len(records)), key=lambda row: records[row][1:])
    records = [records[row]._replace(id=f"{place:09}") for place, row in enumerate(rows)]
    with duckdb.connect() as connection:
        put_records(connection, records)
        model = model or learn(connection, records=len(records))
        compared = pair_up(connection)
        scores = score(connection, model, among=len(records), least=_LEAST_KEPT)
        persons = conclude(connection, model, scores, among=len(records), thresholds=thresholds)
    found = [{rows[int(place)] for place in person} for person in persons]
    return Resolved(sorted(found, key=min), [_of_rows(one, rows) for one in scores], compared, model)


def _of_rows(one: Score, rows: Sequence[int]) -> Score:
    return one._replace(left=str(rows[int(one.left)]), right=str(rows[int(one.right)]))


def _descriptions(frame: pd.DataFrame) -> list[Description]:
    columns = {name: _texts(frame[name]) for name in (*_FIELDS, "phone", "email") if name in frame.columns}
    return [_described(row, {name: values[row].strip() for name, values in columns.items()}) for row in range(len(frame))]


def _texts(column: "pd.Series") -> list[str]:
    """What a table reader took for numbers, as it was written: 4223.0 is "4223"."""
    if pd.api.types.is_float_dtype(column):
        column = column.astype("Int64")
    return column.astype("string").fillna("").tolist()


def _described(row: int, cells: Mapping[str, str]) -> Description:
    fields = {field: cells.get(column, "") for column, field in _FIELDS.items()}
    phones, emails = ((cells[name].lower(),) if cells.get(name) else () for name in ("phone", "email"))
    return describe(str(row), **fields, phones=phones, emails=emails)
