"""The demo bank's people, some of them with several records, some easily taken for another: who is one customer is the truth."""

from datetime import date
from pathlib import Path

import pytest
from django.db import transaction

from bankos.platform import actors, clock, jobs
from customers import ingestion
from customers.linkage import batch
from customers.linkage.joining import LINKAGE
from customers.models import PartyIdentifier, PartyLink
from demobank.plan import Plan
from demobank.write import write_bank
from sentinel import autonomy, policy
from tests import machines

from .linkage_truth import f1, found_pairs, true_pairs

CUSTOMERS = 1_000
FILES = {"core": ["core/branches.csv", "core/customers.csv"], "crm": ["crm/clients.csv"]}


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("linkage")
    write_bank(Plan(CUSTOMERS, 7, 1, date(2026, 11, 24)), folder)
    return folder


def test_linkage_finds_who_is_who(db: None, extracts: Path) -> None:
    policy.load_starting_set(at=clock.now())
    machines.let(
        subject=LINKAGE.id,
        action="party.join",
        level=autonomy.Level.ACT_ALONE,
        reason="Half a year without an undone merge",
        at=clock.now(),
    )
    for system, files in (("core", ["core/branches.csv", "core/customers.csv"]), ("crm", ["crm/clients.csv"])):
        ingestion.ingest(system, [extracts / file for file in files], at=clock.now())
    truth = true_pairs(extracts / "truth.jsonl")
    by_keys_alone = f1(found_pairs(), truth)

    run_id = batch.start(actor=actors.system("test"), at=clock.now())
    while jobs.work(run_id, at=clock.now()):
        pass

    found = found_pairs()
    assert found - truth == set()
    assert f1(found, truth) >= 0.98
    assert f1(found, truth) > by_keys_alone


def test_a_bank_filled_again_has_the_same_questions_whatever_the_ids(db: None, extracts: Path, tmp_path: Path) -> None:
    """As an interrupted fill, a restore or another machine makes them; here even the lines come the other way round."""
    turned = tmp_path / "customers.csv"
    head, *lines = (extracts / "core/customers.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    turned.write_text("".join([head, *reversed(lines)]), encoding="utf-8")

    once = _questions([extracts / "core/branches.csv", extracts / "core/customers.csv"], [extracts / "crm/clients.csv"])
    again = _questions([extracts / "core/branches.csv", turned], [extracts / "crm/clients.csv"])

    assert len(once) > 20
    assert again == once


def _questions(core: list[Path], crm: list[Path]) -> dict[frozenset[str], float]:
    """The open links of a bank filled from these files, by the keys of both sides, with their bits; nothing of it stays."""
    with transaction.atomic():
        policy.load_starting_set(at=clock.now())
        ingestion.ingest("core", core, at=clock.now())
        ingestion.ingest("crm", crm, at=clock.now())
        run_id = batch.start(actor=actors.system("test"), at=clock.now())
        while jobs.work(run_id, at=clock.now()):
            pass
        keys: dict[object, set[str]] = {}
        for unit, system, kind, value in PartyIdentifier.objects.values_list("party__opened_as", "system__code", "kind", "value"):
            keys.setdefault(unit, set()).add(f"{system} {kind} {value}")
        links = PartyLink.objects.filter(state=PartyLink.State.OPEN)
        found = {frozenset(keys[left] | keys[right]): bits for left, right, bits in links.values_list("left", "right", "bits")}
        transaction.set_rollback(True)
    return found
