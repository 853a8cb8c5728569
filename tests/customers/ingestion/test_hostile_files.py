"""Files made to do harm are refused in words, with little memory; those beside them are read."""

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from bankos.platform import clock
from customers import ingestion
from customers.ingestion import IngestError
from customers.ingestion.formats import recognise

pytestmark = pytest.mark.django_db

UK = b'{"Data":{"Account":[{"AccountId":"1","Currency":"EUR","AccountType":"Personal","AccountSubType":"CurrentAccount"}],"Transaction":['

HARMFUL: dict[str, Callable[[], bytes]] = {
    "brackets": lambda: b"[" * 3_000_000,
    "objects": lambda: b'{"a":' * 1_000_000,
    "packed brackets": lambda: gzip.compress(b"[" * 30_000_000),
    "brackets behind a plain head": lambda: UK + b'{"AccountId":"1"},' * 5_000 + b"[" * 2_000_000,
    "brackets behind a long head": lambda: UK + b"1," * 60_000 + b"[" * 2_000_000,
    "names that add up": lambda: UK + b" " * 70_000 + b'{"' + b"k" * 60_000 + b'":{' + b",".join(b'"%d":1' % n for n in range(400_000)),
    "a text without end": lambda: UK + b'{"AccountId":"' + b"x" * 3_000_000,
    "a number without end": lambda: UK + b'{"Amount":' + b"9" * 3_000_000,
    "a number Python refuses": lambda: UK + b'{"Amount":' + b"9" * 5_000 + b"}]}}",
    "a vast exponent": lambda: UK + b'{"Amount":1e999999999999999999999}]}}',
    "a row of brackets": lambda: b'{"customer_no":"1"}\n{"customer_no":' + b"[" * 900_000 + b"\n",
    "a type that is a list": lambda: b'{"type":[],"userId":"1"}\n',
    "fields that are none": lambda: json.dumps(
        {"payload": {"op": "c", "source": {"connector": "mysql", "file": "b." + "9" * 6_000, "pos": "1" * 6_000}, "after": {"a": 1}},
         "schema": {"fields": [{"field": "after", "fields": [{"field": []}, 5]}]}}
    ).encode() + b"\n",
}  # fmt: skip


@pytest.mark.parametrize("name", list(HARMFUL))
def test_file_made_to_do_harm_costs_little_memory_and_no_fault(name: str, tmp_path: Path) -> None:
    path = tmp_path / "sent.json"
    path.write_bytes(HARMFUL[name]())
    tracemalloc.start()
    try:
        ingestion.ingest("core", [path], at=clock.now())
    except IngestError:
        pass  # refused in words; anything else would be a fault
    finally:
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert most < 150_000_000


def test_depth_is_told_before_anything_is_built(tmp_path: Path) -> None:
    path = tmp_path / "sent.json"
    path.write_bytes(gzip.compress(b"[" * 30_000_000))

    with pytest.raises(IngestError):
        recognise("core", path)
