"""UUIDv7 identifiers (RFC 9562, section 5.7): unique anywhere, sorted by the moment they were made."""

import os
import threading
import time
import uuid

from django.db import models

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """A new UUIDv7; within a process each is greater than the one before (RFC 9562, 6.2 method 3)."""
    global _last
    with _lock:
        nanoseconds = time.time_ns()
        milliseconds, rest = divmod(nanoseconds, 1_000_000)
        # 48 bits of milliseconds, then 12 bits of the fraction of a millisecond: sortable below a millisecond.
        moment = (milliseconds << 12) | (rest * 4096 // 1_000_000)
        _last = moment = max(moment, _last + 1)
    high, low = moment >> 12, moment & 0xFFF
    value = (high << 80) | (0x7 << 76) | (low << 64) | (0b10 << 62) | (int.from_bytes(os.urandom(8)) >> 2)
    return uuid.UUID(int=value)


class UUIDv7Field(models.UUIDField):
    """A UUID column filled with `uuid7()` by default."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("default", uuid7)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def deconstruct(self):  # type: ignore[no-untyped-def]
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs
