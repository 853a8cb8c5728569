"""Files that came but are not read yet, kept in the database: whichever worker reads them finds them there, and nothing is lost."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import transaction

from bankos.platform import scratch

from ..models import HeldPart, SourceFile

PART = 1024 * 1024
LARGEST = 256 * 1024 * 1024
"""Larger files are not held: `manage.py ingest` reads them where they lie, whatever their size."""


@transaction.atomic
def hold(file: SourceFile, path: Path) -> bool:
    """Keep the file's bytes; those kept already stay. Returns False for a file too large to be held."""
    if path.stat().st_size > LARGEST:
        return False
    SourceFile.objects.select_for_update().get(pk=file.pk)
    if not is_held(file):
        with path.open("rb") as raw:
            number = 0
            while data := raw.read(PART):
                HeldPart.objects.create(file=file, number=number, data=data)
                number += 1
    return True


def is_held(file: SourceFile) -> bool:
    return HeldPart.objects.filter(file=file).exists()


@contextmanager
def restored(file: SourceFile) -> Iterator[Path]:
    """The file as it came, under its own name, for as long as this lasts. Memory is bounded by a part."""
    with tempfile.TemporaryDirectory(dir=scratch.folder()) as folder:
        path = Path(folder) / (Path(file.name).name or "file")
        with path.open("wb") as raw:
            for number in HeldPart.objects.filter(file=file).order_by("number").values_list("number", flat=True):
                raw.write(HeldPart.objects.values_list("data", flat=True).get(file=file, number=number))
        yield path


def let_go(file: SourceFile) -> None:
    """Forget the bytes: the whole file is in its chunks."""
    HeldPart.objects.filter(file=file).delete()
