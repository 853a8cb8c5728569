"""Files for other systems to fetch: whole or not at all, and never a second one of the same name."""

import os
import secrets
from pathlib import Path


def put(file: Path, content: bytes) -> bool:
    """Leave `content` at `file`, on disk, in one step. Returns False if a file of this name lies there already; it stays as it is.

    A reader never meets half a file, whenever this process dies; what it leaves behind then starts with a dot and is cleared away
    by the next try.

    Raises:
        OSError: the folder cannot be written to.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    if file.exists():
        _settle(file)
        return False
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        with os.fdopen(descriptor, "wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        return _name(unfinished, file)
    finally:
        unfinished.unlink(missing_ok=True)
        _settle(file)


def _name(unfinished: Path, file: Path) -> bool:
    try:
        # Unlike a rename, a link never replaces what another sender put there meanwhile.
        os.link(unfinished, file)
    except FileExistsError:
        return False
    except FileNotFoundError:
        if file.exists():  # another sender was first and cleared up
            return False
        raise
    return True


def _settle(file: Path) -> None:
    """Once it lies there: take away what killed senders left of it, and see that the folder remembers."""
    if not file.exists():
        return
    for left in file.parent.glob(f".{file.name}.*"):
        left.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
