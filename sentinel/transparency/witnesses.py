"""Checkpoints outside the database: each is handed to every witness in `CHECKPOINT_WITNESSES` after it was signed and committed.

    file:/var/lib/bankos/checkpoints.txt    appended, one signed note after the other, mode 0600
    syslog:                                 this machine's (/dev/log), RFC 5424
    syslog://host:514, syslog+tcp://host:601
    https://host/path                       POST, text/plain, the notes one after the other

What a witness does not take is brought to it later; a witness never keeps the log from being signed. What a *file* holds is compared
before more is signed: a database that does not continue the newest note in it was set back, and nothing is signed on it.
"""

import fcntl
import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q

from bankos.platform import clock, egress, health

from .. import models, notes
from . import checkpoints, proofs
from .errors import LogDamaged, LogSetBack

log = structlog.get_logger(__name__)

NOTES_AT_ONCE = 100  # in one request, or a run
NOTES_TO_A_FILE = 5_000  # in a run
RETRY_AFTER = timedelta(seconds=60)
NOT_TWICE_WITHIN = timedelta(seconds=5)  # by two workers
CONNECT_WITHIN = 5  # seconds
LOCAL_SYSLOG = "/dev/log"

_AUDIT_NOTICE = 13 * 8 + 5  # RFC 5424: log audit, notice
_NOTE = re.compile(r"(?m)^[^\n]+\n(?:0|[1-9][0-9]{0,15})\n[^\n]+\n\n(?:— [^\n ]+ [^\n]+\n)+")
_TAIL = 64 * 1024  # bytes at a file's end in which its newest note is looked for


class Undelivered(Exception):
    """A witness did not take what it was handed; the message says why, for operators."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Where checkpoints are kept besides the database. `hand` raises Undelivered; `file` is set for a file."""

    name: str
    hand: Callable[[list[str]], None]
    file: Path | None = None


def configured() -> list[Witness]:
    """The witnesses of `CHECKPOINT_WITNESSES`.

    Raises:
        ImproperlyConfigured: one of them is no address of a witness.
    """
    return [_witness(name.strip()) for name in settings.CHECKPOINT_WITNESSES if name.strip()]


def refuse_set_back() -> None:
    """Compare the database with the newest checkpoint in each file. Queries: 1 for each, 2 where it is not the same checkpoint.

    Raises:
        LogSetBack: it does not continue one of them.
    """
    for witness in configured():
        if (sentence := set_back(witness)) is not None:
            models.CheckpointWitness.objects.update_or_create(name=witness.name, defaults={"problem": sentence})
            raise LogSetBack(sentence)


def set_back(witness: Witness) -> str | None:
    """Why this database is not the one whose checkpoints the witness keeps; None if it is, or nothing can be compared."""
    kept = newest_in(witness.file) if witness.file is not None else None
    if kept is None or _is_continued(kept):
        return None
    latest = checkpoints.latest()
    return (
        f"This database was set back: {witness.file} keeps a signed checkpoint of {kept.size} entries, which the log in this database"
        f" ({latest.size if latest else 0} signed entries) does not continue. Nothing is signed on it. If it was restored from a backup:"
        " manage.py log accept-restore. If not, somebody changed it: keep the database and the file, and compare bundles with what"
        " others have kept (verify.py --checkpoint)"
    )


def deliver(*, at: datetime) -> int:
    """Hand every witness what it does not have yet; how many notes were taken. Never inside a transaction.

    A witness that fails is asked again after a minute. Queries: 3 for each witness, 1 for each 100 checkpoints it lacks.
    """
    latest = checkpoints.latest()
    return sum(_deliver(witness, latest, at) for witness in configured()) if latest is not None else 0


def problems() -> dict[str, str]:
    """By the name of a witness what is wrong with it, for operators. Queries: 1."""
    names = [witness.name for witness in configured()]
    if not names:
        return {}
    rows = models.CheckpointWitness.objects.filter(name__in=names).exclude(problem="")
    return dict(rows.values_list("name", "problem"))


def accept_restore(*, reason: str, at: datetime) -> list[Path]:
    """Begin new files where a file keeps checkpoints that this database does not continue. Returns where the old ones are now.

    That the log was set back stays visible: in the old file, in a line of JSON in `NAME.restores` beside it, and to everybody who kept
    a later checkpoint.
    """
    moved = []
    for witness in configured():
        if witness.file is None or set_back(witness) is None:
            continue
        kept, latest = newest_in(witness.file), checkpoints.latest()
        aside = witness.file.with_name(f"{witness.file.name}.until-{at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}")
        told = {"at": at.isoformat(), "reason": reason, "kept": kept.note if kept else "", "restored": latest.note if latest else ""}
        with _locked(witness.file.with_name(f"{witness.file.name}.restores")) as descriptor:
            _write(descriptor, (json.dumps(told, ensure_ascii=False) + "\n").encode())
        witness.file.rename(aside)
        models.CheckpointWitness.objects.filter(name=witness.name).update(problem="")
        log.error("log.restore_accepted", witness=witness.name, reason=reason, kept=kept.size if kept else 0, aside=str(aside))
        moved.append(aside)
    return moved


def newest_in(file: Path) -> checkpoints.Checkpoint | None:
    """The newest checkpoint in a file that a key of the bank signed; None if there is none."""
    try:
        with file.open("rb") as kept:
            kept.seek(max(0, kept.seek(0, os.SEEK_END) - _TAIL))
            text = kept.read().decode("utf-8", "replace")
    except OSError:
        return None
    found = [one for match in _NOTE.finditer(text) if (one := _checkpoint(match[0])) is not None]
    return max(found, key=lambda one: one.size, default=None)


def tell() -> str | None:
    """For /readyz: witnesses that fail, in one sentence."""
    return " ".join(f"{name}: {problem}." for name, problem in sorted(problems().items())) or None


def register() -> None:
    """Called once, as the apps are ready. Raises ImproperlyConfigured."""
    configured()
    health.also_tell("checkpoint witnesses", tell)


def _deliver(witness: Witness, latest: checkpoints.Checkpoint, at: datetime) -> int:
    row, _ = models.CheckpointWitness.objects.get_or_create(name=witness.name)
    kept = newest_in(witness.file) if witness.file is not None else None
    since = max(row.size, kept.size if kept else 0)
    if since > latest.size:
        # The row was changed, or restored with another database: better twice than not at all.
        since = kept.size if kept and kept.size <= latest.size else 0
    if since >= latest.size and not row.problem:
        return 0
    free = Q(tried_at=None) | Q(tried_at__lt=at - (RETRY_AFTER if row.problem else NOT_TWICE_WITHIN))
    if not models.CheckpointWitness.objects.filter(free, pk=row.pk).update(tried_at=at):
        return 0
    taken, problem = 0, ""
    try:
        for page in checkpoints.pages(since + 1, latest.size, NOTES_AT_ONCE):
            witness.hand([note for _, note in page])
            taken, since = taken + len(page), page[-1][0]
            if taken >= (NOTES_TO_A_FILE if witness.file else NOTES_AT_ONCE):
                break
    except Undelivered as error:
        problem = str(error)
        log.error("log.witness_failed", witness=witness.name, problem=problem)
    models.CheckpointWitness.objects.filter(pk=row.pk).update(size=since, problem=problem)
    return taken


def _is_continued(kept: checkpoints.Checkpoint) -> bool:
    row = models.Checkpoint.objects.filter(size=kept.size).values_list("root", flat=True).first()
    if row is not None:
        return bytes(row) == kept.root
    try:
        return proofs.root(kept.size) == kept.root
    except LogDamaged:
        return False


def _checkpoint(note: str) -> checkpoints.Checkpoint | None:
    try:
        said = notes.parse_checkpoint(notes.parse_note(note).text)
    except notes.NoteInvalid:
        return None
    found = checkpoints.Checkpoint(said.size, said.root, note, datetime.min.replace(tzinfo=UTC))
    return found if found.holds else None


def _witness(name: str) -> Witness:
    parts = urlsplit(name)
    if name.startswith("file:/") and not name.startswith("file://"):
        file = Path(name.removeprefix("file:"))
        return Witness(name, lambda given: _to_file(file, given), file)
    if name in ("syslog:", "syslog"):
        return Witness(name, _to_local_syslog)
    if parts.scheme in ("syslog", "syslog+tcp") and parts.hostname and not parts.path.strip("/"):
        host, port, is_tcp = parts.hostname, _port(name) or (601 if parts.scheme == "syslog+tcp" else 514), parts.scheme == "syslog+tcp"
        return Witness(name, lambda given: _to_syslog(host, port, is_tcp, given))
    if parts.scheme in ("https", "http"):
        try:
            egress.check(name, internal_hosts=settings.WEBHOOK_INTERNAL_HOSTS)
        except egress.BadTarget as error:
            raise ImproperlyConfigured(f"CHECKPOINT_WITNESSES: {name}: {error}") from error
        return Witness(name, lambda given: _to_webhook(name, given))
    raise ImproperlyConfigured(
        f"CHECKPOINT_WITNESSES: {name!r} is no witness. Write file:/path, syslog:, syslog://host:514, syslog+tcp://host:601 or https://…"
    )


def _port(name: str) -> int | None:
    try:
        return urlsplit(name).port
    except ValueError as error:
        raise ImproperlyConfigured(f"CHECKPOINT_WITNESSES: {name!r} has no port that can be.") from error


def _to_file(file: Path, given: list[str]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        is_new = not file.exists()
        with _locked(file) as descriptor:
            content = "".join(given).encode()
            _cut_unfinished(file, descriptor, content)
            _write(descriptor, content)
        if is_new:
            _keep_name(file)
    except OSError as error:
        raise Undelivered(f"cannot be written ({error.strerror})") from error


def _cut_unfinished(file: Path, descriptor: int, content: bytes) -> None:
    """A note that was cut off as the machine stopped is the first of those to be written now. Anything else is nobody's to cut."""
    end = os.lseek(descriptor, 0, os.SEEK_END)
    start = max(0, end - _TAIL)
    tail = os.pread(descriptor, end - start, start)
    last = max((match.end() for match in re.finditer(_NOTE.pattern.encode(), tail)), default=0)
    rest = tail[last:]
    if not rest.strip():
        return
    if not content.startswith(rest):
        raise Undelivered(f"{file} ends in something that is no checkpoint")
    os.ftruncate(descriptor, start + last)


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _keep_name(file: Path) -> None:
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _locked(file: Path) -> Iterator[int]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _message(note: str) -> bytes:
    """RFC 5424. The note is one JSON string: a message is one line."""
    moment = f"{clock.now().astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
    host = re.sub(r"[^!-~]", "", socket.gethostname()) or "-"
    content = json.dumps({"checkpoint": note})
    return f"<{_AUDIT_NOTICE}>1 {moment} {host} bankos {os.getpid()} checkpoint - {content}".encode()


def _to_local_syslog(given: list[str]) -> None:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local:
            local.settimeout(CONNECT_WITHIN)
            local.connect(LOCAL_SYSLOG)
            for note in given:
                local.send(_message(note))
    except OSError as error:
        raise Undelivered(f"{LOCAL_SYSLOG} does not take it ({error.strerror or 'in time'})") from error


def _to_syslog(host: str, port: int, is_tcp: bool, given: list[str]) -> None:
    try:
        if is_tcp:
            with socket.create_connection((host, port), timeout=CONNECT_WITHIN) as server:
                for message in map(_message, given):
                    server.sendall(b"%d %s" % (len(message), message))  # RFC 6587: octet counting
            return
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as server:
            for note in given:
                server.sendto(_message(note), address)
    except OSError as error:
        raise Undelivered(f"cannot be reached ({error.strerror or 'in time'})") from error


def _to_webhook(url: str, given: list[str]) -> None:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    outcome = egress.post(url, "".join(given).encode(), headers, internal_hosts=settings.WEBHOOK_INTERNAL_HOSTS)
    if not outcome.received:
        raise Undelivered(outcome.problem or f"answered {outcome.status}")
