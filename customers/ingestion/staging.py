"""Records on their way into the tables: copied into a temporary table, judged and joined there by SQL."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, get_args, get_type_hints
from uuid import UUID

from django.db import connection
from psycopg import sql

from bankos.platform import copying
from bankos.platform.ids import uuid7_texts

from .feed import Complaint

_SQL_TYPES: dict[type, str] = {
    str: "text",
    int: "bigint",
    bool: "boolean",
    date: "date",
    datetime: "timestamptz",
    Decimal: "numeric(18, 2)",
    UUID: "uuid",
}


class Written(list[Any]):
    """Records with their lines of COPY's text, one new id each, made where there is time for it: in the thread that reads ahead, while
    the database works. For the kinds that come by the million and are staged as they come.

    `found`: what is known already of what their references are, as texts of COPY: column → one of each record.
    """

    def __init__(self, records: Sequence[NamedTuple], *, found: Mapping[str, Sequence[str]]) -> None:
        super().__init__(records)
        self.found = (*found,)
        self.text = _copy_text(records, ids=1, found=found.values()).encode()


class Stage:
    """A temporary table with one row per record: its fields; new UUIDv7 in the columns `ids`; nothing yet in the columns `found`
    (name → SQL type), for what the record's references turn out to be.
    """

    def __init__(
        self, table: str, records: Sequence[NamedTuple], *, ids: Sequence[str] = ("id",), found: Mapping[str, str] | None = None
    ) -> None:
        self._cursor = connection.cursor()
        self.table = table
        self.complaints: dict[int, Complaint] = {}
        fields = get_type_hints(type(records[0]))
        columns = [*((name, "uuid") for name in ids), *((name, _sql_type(kind)) for name, kind in fields.items()), *(found or {}).items()]
        filled = [*ids, *fields, *(records.found if isinstance(records, Written) else ())]
        self._cursor.execute(
            sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} ({}) ON COMMIT DELETE ROWS; DELETE FROM {}").format(
                sql.Identifier(table),
                sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns),
                sql.Identifier(table),
            )
        )
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, filled)))
        with self._cursor.copy(copy) as rows:
            rows.write(records.text if isinstance(records, Written) else _copy_text(records, ids=len(ids)))

    def refuse(self, code: str, sentence: str, where: str, **parameters: Any) -> None:
        """Take the rows for which `where` holds off the stage. `sentence` may name columns in braces: "account {account_key}"."""
        self._cursor.execute(f"DELETE FROM {self.table} s WHERE {where} RETURNING s.*", parameters)  # noqa: S608 - our own text
        names = [column.name for column in self._cursor.description or ()]
        for row in self._cursor.fetchall():
            values = dict(zip(names, row, strict=True))
            self.complaints[values["line"]] = Complaint(code, sentence.format(**values))

    def run(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Execute a statement and return its rows."""
        self._cursor.execute(statement, parameters)
        return self._cursor.fetchall() if self._cursor.description else []


def _copy_text(records: Sequence[NamedTuple], *, ids: int, found: Collection[Sequence[str]] = ()) -> str:
    """New ids, the fields of each record and what was found of it, as lines for COPY.

    Column by column, because what a column's type says is then asked once, not once a value.
    """
    kinds = get_type_hints(type(records[0])).values()
    new_ids = [uuid7_texts(len(records)) for _ in range(ids)]
    columns = [*new_ids, *map(_texts, zip(*records, strict=True), kinds), *found]
    text = copying.lines(columns)
    own = {
        "\\": sum(column.count(copying.NULL) for column in columns if isinstance(column, list)),
        "\t": len(records) * (len(columns) - 1),
        "\n": len(records),
        "\r": 0,
    }
    if any(text.count(sign) != count for sign, count in own.items()):
        fields = (_texts(values, kind, escaped=True) for values, kind in zip(zip(*records, strict=True), kinds, strict=True))
        columns = [*new_ids, *fields, *found]
        text = copying.lines(columns)
    return text


def _texts(values: Sequence[Any], kind: Any, *, escaped: bool = False) -> Iterable[str]:
    if type(None) in get_args(kind):
        return [copying.NULL if value is None else copying.escaped(str(value)) for value in values]
    if kind is str:
        return map(copying.escaped, values) if escaped else values
    return map(str, values)


def _sql_type(kind: Any) -> str:
    plain = next((part for part in get_args(kind) if part is not type(None)), kind)
    return _SQL_TYPES[plain]
