"""Mappings: how columns, or the paths of a JSON object, become the fields of a record, as an administrator writes it down.

`targets` names what there is to fill, `conversions` what makes a value of a text; a `definition` is checked against both and becomes a
`Feed`, so that a mapped file is read exactly like one bankos knows by itself.
"""

from .conversions import CONVERSIONS, Conversion, Setting, fitting
from .definition import BadMapping, Definition, checked, compiled, feed_of, fingerprint, kind_of, suggested
from .targets import KINDS, RecordKind, Target, Wanted

__all__ = [
    "CONVERSIONS",
    "KINDS",
    "BadMapping",
    "Conversion",
    "Definition",
    "RecordKind",
    "Setting",
    "Target",
    "Wanted",
    "checked",
    "compiled",
    "feed_of",
    "fingerprint",
    "fitting",
    "kind_of",
    "suggested",
]
