"""A condition of a query that is written in SQL, for rules that are asked everywhere."""

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import BooleanField, F, Func

_VALUE = re.compile(r"%\((\w+)\)s")


class Condition(Func):
    """True or false of a row: in the SQL `{name}` stands for one of the columns, `%(name)s` for one of the values."""

    output_field = BooleanField()

    def __init__(self, sql: str, values: Mapping[str, Any], **columns: F) -> None:
        super().__init__(*columns.values())
        self.sql, self.values, self.columns = sql, values, tuple(columns)

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **__: Any) -> tuple[str, list[Any]]:
        columns = {name: compiler.compile(column)[0] for name, column in zip(self.columns, self.source_expressions, strict=True)}
        return _VALUE.sub("%s", self.sql.format(**columns)), [self.values[name] for name in _VALUE.findall(self.sql)]
