import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import pytest

from demobank.plan import Plan
from demobank.write import write_bank

AS_OF = date(2026, 11, 23)


@dataclass
class Extracts:
    """A written demo bank, read back as any system would: by its headers."""

    plan: Plan
    folder: Path

    def rows(self, name: str) -> list[dict[str, str]]:
        if name not in self._read:
            with (self.folder / name).open(encoding="utf-8", newline="") as stream:
                self._read[name] = list(csv.DictReader(stream, strict=True))
        return self._read[name]

    @cached_property
    def _read(self) -> dict[str, list[dict[str, str]]]:
        return {}

    @cached_property
    def entries_of(self) -> dict[str, list[dict[str, str]]]:
        """Transactions by account, in the ledger's order."""
        found = defaultdict(list)
        for row in self.rows("core/transactions.csv"):
            found[row["account_no"]].append(row)
        return found

    @cached_property
    def people(self) -> list[dict]:
        with (self.folder / "truth.jsonl").open(encoding="utf-8") as stream:
            return [json.loads(line) for line in stream]

    @cached_property
    def facts(self) -> dict:
        return json.loads((self.folder / "truth.json").read_text(encoding="utf-8"))

    def column(self, name: str, column: str) -> list[str]:
        return [row[column] for row in self.rows(name)]


@pytest.fixture(scope="session")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Extracts:
    """The bank `manage.py demo` writes, on a fixed day."""
    plan = Plan(customers=2000, seed=7, months=8, as_of=AS_OF)
    folder = tmp_path_factory.mktemp("bank")
    write_bank(plan, folder)
    return Extracts(plan, folder)


@pytest.fixture
def write(tmp_path_factory: pytest.TempPathFactory):
    """Write a small bank: `write(customers=40, seed=7, months=8, as_of=…)`."""

    def write(**changes) -> Extracts:
        plan = Plan(**{"customers": 40, "seed": 7, "months": 8, "as_of": AS_OF, **changes})
        folder = tmp_path_factory.mktemp("bank")
        write_bank(plan, folder)
        return Extracts(plan, folder)

    return write
