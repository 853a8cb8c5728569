"""Checkpoints outside the database: what keeps them, what happens when it fails, and how a database that was set back is noticed."""

import json
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from bankos.platform import clock
from sentinel import models, transparency, verify
from sentinel.transparency import LogSetBack, witnesses

from .desk import ask, compliance

PastTheGuards = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def log(authority: None) -> None:
    transparency.integrate(at=clock.now())


@pytest.fixture
def file(tmp_path: Path, settings: Any, log: None) -> Path:
    """Where checkpoints are kept, besides the database."""
    kept = tmp_path / "kept" / "log.txt"
    settings.CHECKPOINT_WITNESSES = [f"file:{kept}"]
    return kept


def signed(times: int = 1) -> int:
    """Decide, and let it be signed and handed on; the size of the log."""
    for _ in range(times):
        ask()
        transparency.integrate(at=clock.now())
        models.CheckpointWitness.objects.update(tried_at=None)
        witnesses.deliver(at=clock.now())
    return transparency.status().size


def sizes(file: Path) -> list[int]:
    return [one.size for one in verify.kept_checkpoints(file.read_text(), "kept")]


def set_back(past_the_guards: PastTheGuards, size: int) -> None:
    """What a superuser does who puts an older state of the log back."""
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM sentinel_checkpoint WHERE size > %s", [size])
        cursor.execute("DELETE FROM sentinel_lognode WHERE (index + 1) << level > %s", [size])
        cursor.execute("DELETE FROM sentinel_consumption WHERE leaf_index >= %s", [size])
        cursor.execute("DELETE FROM sentinel_decision WHERE leaf_index >= %s", [size])
        cursor.execute("DELETE FROM sentinel_logentry WHERE index >= %s", [size])
        cursor.execute("SELECT setval('sentinel_log_place', greatest(%s, 0), %s)", [max(size - 1, 0), size > 0])


# A file


def test_each_checkpoint_is_appended_to_the_file_once(file: Path) -> None:
    size = signed(3)
    assert sizes(file)[-3:] == [size - 2, size - 1, size]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    models.CheckpointWitness.objects.update(tried_at=None)
    assert witnesses.deliver(at=clock.now()) == 0
    assert file.read_bytes() == before


def test_what_a_file_keeps_is_continued_by_the_bundles_that_follow(file: Path, tmp_path: Path) -> None:
    signed(2)
    kept = verify.kept_checkpoints(file.read_text(), "kept")
    signed(2)
    lines = list(transparency.lines(actor=compliance()))
    report = verify.verify(lines, kept=kept)
    assert (report.faults, report.kept) == ([], len(kept))
    assert report.checkpoints == models.Checkpoint.objects.count()


def test_a_file_that_cannot_be_written_does_not_stop_the_log_and_is_filled_up_later(file: Path, client: Client) -> None:
    file.parent.mkdir()
    file.mkdir()  # something else stands there
    size = signed(2)
    assert transparency.status().last_checkpoint.size == size  # type: ignore[union-attr]
    assert "cannot be written" in witnesses.problems()[f"file:{file}"]
    answer = client.get("/readyz").json()
    assert "cannot be written" in answer["notes"]["checkpoint witnesses"]
    assert "checkpoint witnesses" not in answer["checks"]
    file.rmdir()
    size = signed()
    assert sizes(file)[-3:] == [size - 2, size - 1, size]
    assert witnesses.problems() == {}
    assert "notes" not in client.get("/readyz").json()


def test_a_witness_that_fails_is_not_asked_again_at_once(file: Path) -> None:
    file.mkdir(parents=True)
    signed()
    file.rmdir()
    at = clock.now()
    assert witnesses.deliver(at=at + timedelta(seconds=10)) == 0
    assert witnesses.deliver(at=at + timedelta(seconds=90)) > 0


@pytest.mark.parametrize("left", [1, 20, 60, 150])
def test_a_note_that_was_cut_off_is_written_again_whole(file: Path, left: int) -> None:
    signed(2)
    whole = file.read_text()
    last = whole.rindex("bankos.sentinel/", 0, whole.rindex("\n\n"))
    file.write_text(whole[: last + left])
    models.CheckpointWitness.objects.update(size=0)
    signed()
    assert file.read_text().startswith(whole)
    assert sizes(file)[-1] == transparency.status().size


def test_a_file_of_somebody_else_s_is_left_as_it_is(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("root:x:0:0\n")
    signed()
    assert file.read_text() == "root:x:0:0\n"
    assert "ends in something that is no checkpoint" in witnesses.problems()[f"file:{file}"]


# A database that was set back


@pytest.mark.parametrize("back", [1, 2, 3])
def test_on_a_database_that_was_set_back_nothing_is_signed(file: Path, past_the_guards: PastTheGuards, back: int, client: Client) -> None:
    size = signed(3)
    before = sizes(file)
    set_back(past_the_guards, size - back)
    for _ in range(back + 2):  # also when it has grown beyond what was kept
        ask()
        with pytest.raises(LogSetBack, match="This database was set back"):
            transparency.integrate(at=clock.now())
    assert models.Checkpoint.objects.filter(size__gt=size - back).count() == 0
    assert sizes(file) == before
    assert "was set back" in client.get("/readyz").json()["notes"]["checkpoint witnesses"]
    with pytest.raises(CommandError, match="log accept-restore"):
        call_command("log", "check")


def test_a_log_that_was_emptied_or_forked_at_the_same_size_is_noticed(file: Path, past_the_guards: PastTheGuards) -> None:
    size = signed(2)
    kept = file.read_text()
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute("UPDATE sentinel_checkpoint SET root = sha256(root) WHERE size = %s", [size])
    with pytest.raises(LogSetBack):
        transparency.integrate(at=clock.now())
    set_back(past_the_guards, 0)
    with pytest.raises(LogSetBack, match=r"\(0 signed entries\)"):
        transparency.integrate(at=clock.now())
    assert file.read_text() == kept


def test_a_restored_database_goes_on_when_somebody_says_so_and_it_stays_visible(
    file: Path, past_the_guards: PastTheGuards, capsys: pytest.CaptureFixture[str]
) -> None:
    size = signed(3)
    later = verify.kept_checkpoints(file.read_text(), "kept")[-1]
    with pytest.raises(CommandError, match="nothing to accept"):
        call_command("log", "accept-restore", "--reason", "none")
    set_back(past_the_guards, size - 2)
    ask()
    call_command("log", "accept-restore", "--reason", "Disk lost, backup of Tuesday")
    assert "tell them" in capsys.readouterr().out
    said = json.loads((file.parent / "log.txt.restores").read_text())
    assert said["reason"] == "Disk lost, backup of Tuesday"
    assert f"\n{size}\n" in said["kept"]
    assert f"\n{size - 2}\n" in said["restored"]
    aside = next(file.parent.glob("log.txt.until-*"))
    assert sizes(aside)[-1] == size
    signed(2)
    call_command("log", "check")
    assert sizes(file)[-1] == transparency.status().size
    # Whoever kept the later checkpoint still sees it.
    report = verify.verify(list(transparency.lines(actor=compliance())), kept=[later])
    assert f"the kept checkpoint of size {size}" in str(report.problem)


def test_a_checkpoint_that_the_bank_did_not_sign_stops_nothing(file: Path) -> None:
    size = signed()
    note = transparency.status().last_checkpoint.note  # type: ignore[union-attr]
    with file.open("a") as kept:
        kept.write(note.replace(f"\n{size}\n", f"\n{size + 1000}\n"))
    assert signed() == size + 1


# Others


@contextmanager
def receiving(family: socket.AddressFamily, kind: socket.SocketKind, address: Any) -> Iterator[tuple[socket.socket, Any]]:
    with socket.socket(family, kind) as server:
        server.settimeout(10)
        server.bind(address)
        if kind is socket.SOCK_STREAM:
            server.listen()
        yield server, server.getsockname()


def message_in(message: bytes) -> str:
    """The note in a message of RFC 5424."""
    head, _, content = message.decode().partition(" checkpoint - ")
    assert head.startswith("<109>1 2")
    return str(json.loads(content)["checkpoint"])


def latest_note() -> str:
    return str(transparency.status().last_checkpoint.note)  # type: ignore[union-attr]


def test_syslog_gets_each_checkpoint_by_datagram(log: None, settings: Any) -> None:
    with receiving(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)) as (server, address):
        settings.CHECKPOINT_WITNESSES = [f"syslog://127.0.0.1:{address[1]}"]
        size = signed()
        rows = models.Checkpoint.objects.count()
        assert [message_in(server.recv(65536)) for _ in range(rows)][-1] == latest_note()
    assert models.CheckpointWitness.objects.get().size == size


def test_syslog_gets_each_checkpoint_on_this_machine(log: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witnesses, "LOCAL_SYSLOG", str(tmp_path / "log"))
    settings.CHECKPOINT_WITNESSES = ["syslog:"]
    signed()
    assert "does not take it" in witnesses.problems()["syslog:"]
    with receiving(socket.AF_UNIX, socket.SOCK_DGRAM, str(tmp_path / "log")) as (server, _):
        signed()
        rows = models.Checkpoint.objects.count()
        assert [message_in(server.recv(65536)) for _ in range(rows)][-1] == latest_note()
    assert witnesses.problems() == {}


def test_syslog_gets_each_checkpoint_by_a_stream(log: None, settings: Any) -> None:
    with receiving(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)) as (server, address):
        settings.CHECKPOINT_WITNESSES = [f"syslog+tcp://127.0.0.1:{address[1]}"]
        signed()
        connected, _ = server.accept()
        with connected, connected.makefile("rb") as stream:
            received = stream.read()
    messages = []
    while received:
        length, _, received = received.partition(b" ")
        messages.append(message_in(received[: int(length)]))
        received = received[int(length) :]
    assert messages[-1] == latest_note()
    signed()  # nobody listens any more
    assert list(witnesses.problems()) == [f"syslog+tcp://127.0.0.1:{address[1]}"]


class Receiver(BaseHTTPRequestHandler):
    status = 204
    bodies: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.status == 204:
            self.bodies.append(body)
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def test_a_receiver_on_the_web_gets_what_it_missed_later(log: None, settings: Any) -> None:
    class Handler(Receiver):
        status = 503
        bodies: ClassVar[list[bytes]] = []

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        settings.WEBHOOK_INTERNAL_HOSTS = ["127.0.0.1"]
        url = f"http://127.0.0.1:{server.server_port}/checkpoints"
        settings.CHECKPOINT_WITNESSES = [url]
        signed()
        assert witnesses.problems() == {url: "answered 503"}
        Handler.status = 204
        size = signed(2)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    received = verify.kept_checkpoints(b"".join(Handler.bodies).decode(), "received")
    assert [one.size for one in received][-3:] == [size - 2, size - 1, size]


@pytest.mark.parametrize(
    "name",
    [
        "somewhere",
        "file:relative/path",
        "file://host/path",
        "ftp://example.com/",
        "http://example.com/",
        "https://10.0.0.1/",
        "https://user:secret@example.com/",
        "syslog://",
        "syslog://host:port",
    ],
)
def test_what_is_no_witness_is_refused_as_the_bank_starts(name: str, settings: Any) -> None:
    settings.CHECKPOINT_WITNESSES = [name]
    with pytest.raises(ImproperlyConfigured, match="CHECKPOINT_WITNESSES"):
        witnesses.register()


# Which checkpoints a bundle brings


def test_a_bundle_brings_every_checkpoint_since_the_one_that_is_asked_for(file: Path, tmp_path: Path) -> None:
    size = signed(5)
    every = list(models.Checkpoint.objects.order_by("size").values_list("size", flat=True))
    for since, expected in ((None, every), (0, every), (size - 2, [size - 2, size - 1, size])):
        lines = list(transparency.lines(actor=compliance(), checkpoints_since=since))
        assert verify.verify(lines).checkpoints == len(expected)
    with pytest.raises(transparency.NotInTheLog):
        transparency.lines(actor=compliance(), checkpoints_since=size + 1)
    call_command("log", "export", str(tmp_path / "bundle.jsonl"), "--checkpoints-since", str(file))
    assert verify.verify(verify.BundleFile(tmp_path / "bundle.jsonl")).checkpoints == 1
    with pytest.raises(CommandError, match="neither a size nor a file"):
        call_command("log", "export", str(tmp_path / "bundle.jsonl"), "--checkpoints-since", str(tmp_path / "nothing"))


def test_a_bundle_of_some_decisions_can_be_compared_with_any_size_somebody_kept(log: None) -> None:
    first, kept = ask(), []
    for _ in range(4):
        signed()
        last = transparency.status().last_checkpoint
        assert last is not None
        kept += verify.kept_checkpoints(last.note, "kept")
    chosen = transparency.Selection(decisions=(first.id,))
    for one in kept:
        lines = list(transparency.lines(actor=compliance(), selection=chosen, checkpoints_since=one.size))
        report = verify.verify(lines, kept=[one])
        assert (report.faults, report.kept) == ([], 1)
    assert verify.verify(list(transparency.lines(actor=compliance(), selection=chosen)), kept=kept).faults == []
