"""Files handed in on the page: kept, read in the background, never lost, never read twice."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bankos.platform import clock, jobs
from bankos.platform.actors import Actor
from bankos.platform.models import Job
from customers.ingestion import held, reading
from customers.ingestion.feeds import meridian
from customers.models import HeldPart, SourceFile
from customers.sources import jobs as jobs_of
from customers.sources import receiving
from sentinel.actions import NotPossible
from sentinel.authority import NotPermitted
from tests.customers.ingestion.extracts import count, rows_of, send_one_customer, state, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries(orla: Actor, tmp_path: Path) -> Path:
    """A ledger's file with five entries."""
    send_one_customer(tmp_path / "before")
    lines = [{"entry_id": str(number), "booked_on": f"2026-11-0{number}"} for number in range(1, 6)]
    return write(tmp_path / "transactions.csv", meridian.TRANSACTIONS, rows_of(meridian.TRANSACTIONS, *lines))


def receive(path: Path, actor: Actor, **said) -> Job:
    return Job.objects.get(pk=receiving.receive("core", path, name=path.name, actor=actor, at=clock.now(), **said))


def test_a_file_handed_in_is_read_by_a_worker(entries: Path, orla: Actor) -> None:
    job = receive(entries, orla)
    assert (job.state, count("transaction")) == ("waiting", 0)

    jobs.work(job.pk, at=clock.now())

    job.refresh_from_db()
    assert (job.state, job.counts["rows"], job.counts["accepted"], jobs_of.file_of(job).state, count("transaction")) == (
        "done",
        5,
        5,
        "done",
        5,
    )
    assert not HeldPart.objects.exists()


def test_it_is_handed_in_on_the_page(entries: Path, desk: Client) -> None:
    answer = desk.post("/sources/core/files/new/", {"file": SimpleUploadedFile("transactions.csv", entries.read_bytes())})

    assert (answer.status_code, answer["Location"]) == (302, "/sources/core/#jobs")
    job = Job.objects.get()
    assert f"jobs/{job.pk}/" in desk.get("/sources/core/").content.decode()
    jobs.work(job.pk, at=clock.now())
    strip = desk.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "Done" in strip
    assert "hx-trigger" not in strip
    assert desk.post("/sources/core/files/new/", {"file": SimpleUploadedFile("empty.csv", b"")}).status_code == 422


def test_killed_half_way_another_worker_goes_on_behind_the_last_chunk(entries: Path, orla: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_PER_CHUNK", 2)
    monkeypatch.setattr(jobs, "PIECE_S", -1.0)
    job = receive(entries, orla)
    for _ in range(5):
        jobs.work(job.pk, at=clock.now())

    job.refresh_from_db()
    assert (job.state, job.counts["rows"], count("transaction"), count("sourcechunk")) == ("done", 5, 5, 5 + 3)
    assert state()["transaction"]


def test_a_damaged_file_stops_with_its_sentence_and_stays(entries: Path, orla: Actor) -> None:
    entries.write_bytes(entries.read_bytes() + b"6,\xff\n")
    job = receive(entries, orla)
    jobs.work(job.pk, at=clock.now())

    job.refresh_from_db()
    assert (job.state, jobs_of.file_of(job).state) == ("failed", "stopped")
    assert "isn't UTF-8" in job.problem
    assert held.is_held(jobs_of.file_of(job))


def test_the_same_bytes_are_handed_in_once(entries: Path, orla: Actor) -> None:
    first = receive(entries, orla)
    assert receive(entries, orla).pk == first.pk
    jobs.work(first.pk, at=clock.now())

    with pytest.raises(NotPossible, match=r"read before, as transactions\.csv"):
        receive(entries, orla)
    with pytest.raises(NotPossible, match="is read"):
        receiving.read_again(jobs_of.file_of(first).pk, actor=orla, at=clock.now())


def test_a_file_too_large_for_the_page_is_told_where_it_is_read(entries: Path, orla: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "LARGEST", 10)
    with pytest.raises(NotPossible, match=r"manage\.py ingest"):
        receive(entries, orla)
    assert not HeldPart.objects.exists()


def test_only_administrators_hand_files_in(entries: Path, maeve: Actor, bank) -> None:
    with pytest.raises(NotPermitted):
        receive(entries, maeve)
    assert bank.desk(maeve).get("/sources/core/files/new/").status_code == 404
    assert not SourceFile.objects.filter(name="transactions.csv").exists()


def test_a_file_keeps_no_folder_of_its_name(entries: Path, orla: Actor) -> None:
    job = receiving.receive("core", entries, name="../../etc/transactions.csv", actor=orla, at=clock.now())
    assert jobs_of.file_of(Job.objects.get(pk=job)).name == "transactions.csv"


def test_parts_are_put_together_as_they_came(orla: Actor, file: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from customers.models import SourceSystem

    monkeypatch.setattr(held, "PART", 7)
    system = SourceSystem.objects.create(code="ledger", name="Ledger", freshness_promise=timedelta(hours=1))
    row = SourceFile.objects.create(system=system, name="a.csv", feed="", sha256="0", received_at=clock.now(), changed_at=clock.now())
    path = file("a.csv", "0123456789" * 3)

    held.hold(row, path)
    held.hold(row, path)

    assert HeldPart.objects.count() == 5
    with held.restored(row) as again:
        assert again.read_bytes() == path.read_bytes()
