"""Temporary copies of what came from outside, in a folder of the process that made them: they go with it, however it ends.

Each process holds a lock on its folder, which the kernel lets go of when the process dies; a folder nobody holds is thrown away by whoever
makes the next one, and by the sweeper of the same machine.
"""

import fcntl
import os
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

_LOCK = ".lock"
_mine: tuple[int, Path, int] | None = None  # process, folder, the lock's descriptor
_making = threading.Lock()


def folder() -> Path:
    """Where this process keeps its temporary copies; made, and what dead processes left thrown away, when it is first asked for."""
    global _mine
    with _making:
        if _mine is None or _mine[0] != os.getpid() or not _mine[1].exists():
            _mine = _made()
            sweep()
        return _mine[1]


def sweep() -> int:
    """Throw away the folders of processes that are gone. Returns how many."""
    root, gone = Path(settings.SCRATCH_DIR), 0
    for one in root.iterdir() if root.is_dir() else ():
        if _mine is not None and one == _mine[1]:
            continue
        with suppress(OSError):  # another process throws it away, or was faster
            lock = os.open(one / _LOCK, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(one, ignore_errors=True)
                gone += 1
            finally:
                os.close(lock)
    return gone


def _made() -> tuple[int, Path, int]:
    root = Path(settings.SCRATCH_DIR)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The lock is taken before the folder has its name: nobody finds it free.
    unfinished = Path(tempfile.mkdtemp(dir=root.parent, prefix="scratch-"))
    lock = os.open(unfinished / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return os.getpid(), unfinished.rename(root / unfinished.name), lock


class ScratchFile(TemporaryUploadedFile):
    """An upload too large for memory."""

    def __init__(self, name: str, content_type: str, size: int, charset: str | None, content_type_extra: Any = None) -> None:
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=folder())  # noqa: SIM115 - closed with the request
        UploadedFile.__init__(self, file, name, content_type, size, charset, content_type_extra)


class ScratchUploadHandler(TemporaryFileUploadHandler):
    """Django's, with the file in this process's folder."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        self.file = ScratchFile(self.file_name or "file", self.content_type or "", 0, self.charset, self.content_type_extra)
