"""UUIDv7 identifiers (RFC 9562, section 5.7): unique anywhere, sorted by the moment they were made."""

import os
import struct
import threading
import time
import uuid

from django.db import models

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """A new UUIDv7; within a process each is greater than the one before (RFC 9562, 6.2 method 3)."""
    return uuid.UUID(int=_at_moment(_next_moment(1), int.from_bytes(os.urandom(8))))


def uuid7_texts(count: int) -> list[str]:
    """`count` new ids in ascending order, as text. For bulk loading, where a UUID object a row would cost more than the row."""
    first = _next_moment(count)
    randoms = struct.unpack(f"{count}Q", os.urandom(8 * count))
    return [f"{_at_moment(first + place, random):032x}" for place, random in enumerate(randoms)]


def _next_moment(count: int) -> int:
    """The first of `count` consecutive moments nobody else has: 48 bits of milliseconds, then 12 bits of their fraction."""
    global _last
    with _lock:
        milliseconds, rest = divmod(time.time_ns(), 1_000_000)
        first = max((milliseconds << 12) | (rest * 4096 // 1_000_000), _last + 1)
        _last = first + count - 1
    return first


def _at_moment(moment: int, random: int) -> int:
    return ((moment >> 12) << 80) | (0x7 << 76) | ((moment & 0xFFF) << 64) | (0b10 << 62) | (random >> 2)


class UUIDv7Field(models.UUIDField):
    """A UUID column filled with `uuid7()` by default."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("default", uuid7)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def deconstruct(self):  # type: ignore[no-untyped-def]
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs
