"""Everybody compared with everybody, in parts: the same as one by one, whatever dies on the way."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from bankos.platform import actors, clock, jobs
from bankos.platform.models import Job
from customers.linkage import batch, comparing
from customers.models import LinkageModel, MemberDescription, PartyLink
from tests.bank import Bank, Branch, Customer

from .test_resolving import one_customer

ASKER = actors.system("test")


def run_all() -> Job:
    run_id = batch.start(actor=ASKER, at=clock.now())
    while jobs.work(run_id, at=clock.now()):
        pass
    return Job.objects.get(pk=run_id)


@pytest.fixture
def town(bank: Bank, galway: Branch, mary: Customer, again: Customer, brother: Customer) -> list[Customer]:
    strangers = [
        bank.customer(f"{first} Quill", branch=galway, street=f"{number} Main Street")
        for number, first in enumerate(("Ann", "Bea", "Cian"))
    ]
    bank.deliver()
    return [mary, again, brother, *strangers]


def test_a_run_finds_what_live_resolving_finds(town: list[Customer], resolved: Callable[..., object], policies: None) -> None:
    resolved(town[0], town[1])
    by_one = {(link.left_id, link.right_id): (round(link.bits, 6), link.levels) for link in PartyLink.objects.all()}
    PartyLink.objects.all().delete()

    run = run_all()

    assert run.state == "done"
    assert {(link.left_id, link.right_id): (round(link.bits, 6), link.levels) for link in PartyLink.objects.all()} == by_one
    assert by_one


def test_in_many_parts_it_is_the_same_as_in_one(town: list[Customer], policies: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run_all()
    in_one = {(link.left_id, link.right_id) for link in PartyLink.objects.all()}
    PartyLink.objects.all().delete()
    monkeypatch.setattr(batch, "UNITS_OF_A_PART", 2)

    run = run_all()

    assert (run.done, run.total, run.place["parts"]) == (6, 6, 3)
    assert {(link.left_id, link.right_id) for link in PartyLink.objects.all()} == in_one


def test_a_run_that_dies_in_a_part_goes_on_there(town: list[Customer], policies: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "UNITS_OF_A_PART", 2)
    undisturbed = run_all()
    found = {(link.left_id, link.right_id) for link in PartyLink.objects.all()}
    PartyLink.objects.all().delete()
    run_id = batch.start(actor=ASKER, at=clock.now())
    keep, calls = batch.links.keep, iter(range(100))

    def dying(*args: object, **kwargs: object) -> int:
        kept = keep(*args, **kwargs)  # type: ignore[arg-type]
        if next(calls) % 2 == 0:
            raise SystemExit("killed")
        return kept

    monkeypatch.setattr(batch.links, "keep", dying)
    killed = 0
    for _ in range(20):
        try:
            if not jobs.work(run_id, at=clock.now()):
                break
        except SystemExit:
            killed += 1
            jobs.sweep(at=clock.now() + timedelta(minutes=2))

    run = Job.objects.get(pk=run_id)
    assert (run.state, run.counts, killed) == ("done", undisturbed.counts, 3)
    assert {(link.left_id, link.right_id) for link in PartyLink.objects.all()} == found


def test_a_run_joins_what_the_machine_may(town: list[Customer], act_alone: None) -> None:
    run = run_all()

    assert run.counts["joined"] == 1
    assert one_customer(*town[:2])
    assert not one_customer(*town[1:3])


def test_one_run_at_a_time(town: list[Customer]) -> None:
    assert batch.start(actor=ASKER, at=clock.now()) == batch.start(actor=ASKER, at=clock.now())


def test_each_run_learns_a_model_and_every_link_names_the_one_that_judged_it(town: list[Customer], policies: None) -> None:
    first, second = run_all(), run_all()

    assert [model.version for model in LinkageModel.objects.order_by("version")] == [1, 2]
    assert set(PartyLink.objects.values_list("model", flat=True)) == {UUID(second.place["model"])} != {UUID(first.place["model"])}


def test_a_batch_and_one_record_are_weighed_by_the_same_statement(town: list[Customer], policies: None) -> None:
    run_all()
    link = PartyLink.objects.order_by("-bits").first()
    assert link is not None

    (again,) = comparing.compare([(link.left_id, link.right_id)], batch.links.judge())

    assert again.bits == pytest.approx(link.bits)
    assert MemberDescription.objects.count() == len(town)
