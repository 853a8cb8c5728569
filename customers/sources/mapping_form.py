"""The form in which a mapping is written: for each field of the record its columns, its converter with settings, or what it always is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..ingestion import mapping
from ..ingestion.mapping import Conversion, RecordKind, Setting, Target

PLACES = 3  # columns a field may be put together from, here


@dataclass(frozen=True, slots=True)
class SettingField:
    setting: Setting
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Line:
    """One field of the record with what is said of it. `columns` are the chosen ones, empty where none is."""

    target: Target
    columns: tuple[str, ...]
    by: str
    conversions: tuple[Conversion, ...]
    settings: tuple[SettingField, ...]
    always: str
    error: str

    @property
    def name(self) -> str:
        return self.target.name

    @property
    def opened(self) -> bool:
        """Whether the settings are worth seeing at once."""
        return bool(self.error or any(self.columns[1:]) or any(field.value != field.setting.default for field in self.settings))


def lines_of(kind: RecordKind, definition: Mapping[str, Any], errors: Mapping[str, str]) -> list[Line]:
    return [_line(target, definition.get(target.name) or {}, errors.get(target.name, "")) for target in kind.targets]


def definition_of(kind: RecordKind, posted: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What a posted form says. A column wins over what it always is: the form shows both, and the field then says so."""
    said: dict[str, dict[str, Any]] = {}
    for target in kind.targets:
        columns = [column for place in range(PLACES) if (column := posted.get(f"{target.name}-from-{place}", ""))]
        always = posted.get(f"{target.name}-always", "").strip()
        if columns:
            by = posted.get(f"{target.name}-by", "")
            conversion = mapping.CONVERSIONS.get(by)
            given = {
                setting.name: value
                for setting in (conversion.settings if conversion else ())
                if (value := posted.get(f"{target.name}-{setting.name}", setting.default).replace("\r\n", "\n")) != setting.default
            }
            said[target.name] = {"from": columns, "by": by, "with": given}
        elif always:
            said[target.name] = {"always": always}
    return said


def _line(target: Target, said: Mapping[str, Any], error: str) -> Line:
    conversions = mapping.fitting(target)
    columns = said.get("from", [])
    given = said.get("with", {})
    settings = {setting.name: setting for conversion in conversions for setting in conversion.settings}
    return Line(
        target=target,
        columns=tuple(columns[place] if place < len(columns) else "" for place in range(PLACES)),
        by=said.get("by", conversions[0].code),
        conversions=conversions,
        settings=tuple(
            SettingField(setting, f"{target.name}-{setting.name}", given.get(setting.name, setting.default))
            for setting in settings.values()
        ),
        always=said.get("always", ""),
        error=error,
    )
