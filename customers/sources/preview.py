"""What the first rows of a mapping's sample become by the draft as it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bankos.platform.actors import Actor
from sentinel.actions import NotPossible

from ..ingestion import IngestError, held, mapping
from ..ingestion.converters import BadValue
from ..ingestion.feed import Field
from ..ingestion.formats.tables import Row, table_of
from . import looking
from .mappings import found, kind_of

PREVIEWED = 10


@dataclass(frozen=True, slots=True)
class Became:
    """What a field becomes in one row: its value in words, or why there is none."""

    label: str
    value: str
    problem: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    line: int
    came: tuple[tuple[str, str], ...]
    becomes: tuple[Became, ...]

    @property
    def fits(self) -> bool:
        return not any(cell.problem for cell in self.becomes)


def preview(mapping_id: UUID, *, actor: Actor, at: datetime, count: int = PREVIEWED) -> tuple[PreviewRow, ...] | None:
    """The first rows of the sample: what came, and what the draft makes of it. None if the actor may not read the sample's rows now.

    Raises:
        SourceNotVisible
        NotPossible: the sample cannot be read.
    """
    row = found(mapping_id, actor)
    if row.sample_id not in looking.files_read_by(actor, at=at):
        return None
    kind = kind_of(row.kind)
    fields, _ = mapping.compiled(kind, row.header, row.definition)
    with held.restored(row.sample) as path:
        try:
            table = table_of(row.system_id, path)
            rows = table.first_rows(count) if table else []
        except IngestError as error:
            raise NotPossible(str(error)) from None
    header = table.header if table else ()
    labels = {target.name: target.label for target in kind.targets}
    return tuple(_previewed(one, header, fields, labels) for one in rows)


def _previewed(row: Row, header: Sequence[str], fields: Mapping[str, Field], labels: Mapping[str, str]) -> PreviewRow:
    came = dict(zip(header, row.cells, strict=False))
    wrong = "" if len(row.cells) == len(header) else f"the line has {len(row.cells)} columns, not {len(header)}"
    becomes = tuple(Became(labels[name], *_made(field, came, wrong)) for name, field in fields.items() if field.columns)
    return PreviewRow(row.line, tuple(came.items()), becomes)


def _made(field: Field, came: Mapping[str, str], wrong: str) -> tuple[str, str]:
    if wrong:
        return "", wrong
    try:
        return _in_words(field.convert(*(came.get(column, "") for column in field.columns))), ""
    except BadValue as bad:
        return "", bad.sentence


def _in_words(value: object) -> str:
    match value:
        case None | "":
            return "–"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
