"""Files made to do harm are refused in words, with little memory; those beside them are read."""

import gzip
import json
import resource
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

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

CAMT = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt>'
HARMFUL_XML: dict[str, Callable[[], bytes]] = {
    "elements without end": lambda: CAMT + b"<Ntry>" + b"<a/>" * 3_000_000,
    "attributes without end": lambda: CAMT + b"<Ntry>" + b'<a b="" c="" d=""/>' * 700_000,
    "elements between entries": lambda: CAMT + (b"<Ntry/>" + b"<a/>" * 100_000) * 40,
    "texts between entries": lambda: CAMT + (b"<Ntry/>" + b"x" * 6_000_000) * 20,
    "attributes between entries": lambda: CAMT + (b'<Ntry/><a b="' + b"x" * 6_000_000 + b'"/>') * 20,
    "depth": lambda: CAMT + b"<a>" * 1_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", list(HARMFUL_XML))
def test_statement_full_of_nothing_costs_little_memory_and_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "sent.xml"
    path.write_bytes(gzip.compress(HARMFUL_XML[name](), 1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(IngestError):
        ingestion.ingest("core", [path], at=clock.now())

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KB


def _parquet(path: Path, table: pyarrow.Table) -> Path:
    parquet.write_table(table, path, compression="zstd", use_dictionary=True)
    return path


def test_parquet_whose_few_bytes_unpack_to_gigabytes_is_refused_and_costs_this_process_nothing(tmp_path: Path) -> None:
    one = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 4_000, pyarrow.int32()), pyarrow.array(["x" * 1_000_000]))
    columns = pyarrow.table({"customer_no": one})
    path = _parquet(tmp_path / "sent.parquet", columns)
    assert path.stat().st_size < 100_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(IngestError):
        recognise("core", path)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize("cut", [10, 100, 4, 9])
def test_damaged_parquet_is_refused_in_words_or_read(cut: int, tmp_path: Path) -> None:
    path = _parquet(tmp_path / "sent.parquet", pyarrow.table({"customer_no": ["1"] * 500}))
    content = bytearray(path.read_bytes())
    content[-cut] ^= 0xFF
    path.write_bytes(content)

    with suppress(IngestError):  # a byte that means nothing may be any; what matters is that nobody dies of it
        recognise("core", path)


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
