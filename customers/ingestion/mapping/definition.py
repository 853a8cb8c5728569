"""A mapping written down, checked, and made a feed."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..converters import BadValue
from ..feed import Feed, Field
from .conversions import CONVERSIONS, BadSetting, Conversion, fitting
from .targets import KINDS, RecordKind, Target, Wanted

Definition = Mapping[str, Mapping[str, Any]]
"""Field → {"from": [columns], "by": converter, "with": {setting: text}}, or {"always": text}. A field left out says nothing."""

LONGEST_TEXT = 20_000
MOST_COLUMNS = 500


class BadMapping(ValueError):
    """A definition that cannot be used; `errors`: field → what is wrong with it, as sentences for who maps."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


def checked(kind: RecordKind, header: Sequence[str], definition: Definition) -> dict[str, str]:
    """Field → what is wrong with it; empty if the definition can be used."""
    return compiled(kind, header, definition)[1]


def feed_of(*, name: str, system: str, kind: RecordKind, header: Sequence[str], definition: Definition) -> Feed:
    """What reads the files this mapping is for.

    Raises:
        BadMapping
    """
    fields, errors = compiled(kind, header, definition)
    if errors:
        raise BadMapping(errors)
    return Feed(name=name, system=system, header=tuple(header), record=kind.record, fields=fields, moment=kind.moment, lenient=True)


def fingerprint(kind: str, header: Sequence[str], definition: Definition) -> str:
    """The sha256, in hex, of what a mapping says: equal texts read files alike."""
    said = json.dumps({"kind": kind, "header": list(header), "fields": definition}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()


def suggested(kind: RecordKind, header: Sequence[str]) -> dict[str, dict[str, Any]]:
    """A beginning: fields whose column is called as they are, and what is always the same."""
    found: dict[str, dict[str, Any]] = {}
    by_name = {_bare(column.rpartition(".")[2]): column for column in reversed(header)}
    for target in kind.targets:
        column = by_name.get(_bare(target.name)) or by_name.get(_bare(target.label))
        if column is not None:
            found[target.name] = {"from": [column], "by": fitting(target)[0].code, "with": {}}
    return found


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def compiled(kind: RecordKind, header: Sequence[str], definition: Definition) -> tuple[dict[str, Field], dict[str, str]]:
    """What can be used of it, and what is wrong with the rest; by field."""
    fields: dict[str, Field] = {}
    errors: dict[str, str] = {}
    if not isinstance(definition, Mapping):
        return {}, {"": "A mapping says for each field where it comes from."}
    if len(header) > MOST_COLUMNS or len(set(header)) != len(header):
        errors[""] = f"The sample names a column twice, or more than {MOST_COLUMNS} columns."
    for unknown in sorted(set(definition) - {target.name for target in kind.targets}):
        errors[unknown] = f"{kind.title} have no field “{unknown}”."
    for target in kind.targets:
        try:
            fields[target.name] = _field(target, header, definition.get(target.name))
        except BadSetting as bad:
            errors[target.name] = str(bad)
    return fields, errors


def _field(target: Target, header: Sequence[str], said: Mapping[str, Any] | None) -> Field:
    """Raises BadSetting."""
    if not said:
        if target.required:
            raise BadSetting(f"{target.label} is needed: choose a column, or write what it always is.")
        return _always(target.empty)
    if "always" in said:
        return _always(_constant(target, said["always"]))
    columns = said.get("from")
    if not isinstance(columns, list) or not columns or not all(isinstance(column, str) for column in columns):
        raise BadSetting(f"{target.label}: choose a column.")
    if missing := [column for column in columns if column not in header]:
        raise BadSetting(f"The sample has no column “{missing[0]}”.")
    conversion = CONVERSIONS.get(str(said.get("by")))
    if conversion is None or target.wanted not in conversion.wanted:
        raise BadSetting(f"{target.label} cannot be read that way.")
    least, most = conversion.columns
    if not least <= len(columns) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise BadSetting(f"“{conversion.title}” takes {wanted} column{'s' if most > 1 else ''}, not {len(columns)}.")
    return Field(tuple(columns), conversion.make(target, _settings(conversion, said.get("with", {}))))


def _settings(conversion: Conversion, given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping) or not all(isinstance(text, str) and len(text) <= LONGEST_TEXT for text in given.values()):
        raise BadSetting("The settings of the converter cannot be read.")
    if unknown := sorted(set(given) - {setting.name for setting in conversion.settings}):
        raise BadSetting(f"“{conversion.title}” has no setting “{unknown[0]}”.")
    return dict(given)


def _always(value: Any) -> Field:
    return Field((), lambda: value)


def _constant(target: Target, text: Any) -> Any:
    """A fixed text as the field's value, in the plain spelling of each kind. Raises BadSetting."""
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise BadSetting("Write what it always is.")
    if target.wanted is Wanted.YES_NO:
        if text not in ("yes", "no"):
            raise BadSetting("Write yes or no.")
        return text == "yes"
    try:
        return fitting(target)[0].make(target, {})(text)
    except BadValue as bad:
        raise BadSetting(f"{bad.sentence}.") from None


def kind_of(code: str) -> RecordKind:
    """Raises BadMapping."""
    try:
        return KINDS[code]
    except KeyError:
        raise BadMapping({"": f"There is no kind of record “{code}”."}) from None
