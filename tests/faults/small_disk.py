"""A small disk of a process's own, which a test may fill: a tmpfs in a mount namespace, without root where users may make those."""

import ctypes
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_READ_ONLY, _REMOUNT, _PRIVATE, _RECURSIVE = 1, 32, 1 << 18, 1 << 14
_libc = ctypes.CDLL(None, use_errno=True)


def mount(folder: Path, *, megabytes: int) -> None:
    """Let `folder` be a disk of this size, for this process and its children. Called in a process of one thread."""
    uid, gid = os.getuid(), os.getgid()
    _must(_libc.unshare(_NEW_MOUNTS if uid == 0 else _NEW_MOUNTS | _NEW_USER))
    if uid:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    _must(_libc.mount(None, b"/", None, _PRIVATE | _RECURSIVE, None))
    _must(_libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, b"mode=755,size=%dm" % megabytes))


def make_read_only(folder: Path, read_only: bool) -> None:
    """Called in the process that mounted it."""
    _must(_libc.mount(None, bytes(folder), None, _REMOUNT | (_READ_ONLY if read_only else 0), None))


def fill(folder: Path) -> Path:
    """Leaves not a byte free. Returns the file to remove."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as stream:
        for size in (1 << 20, 4096):
            try:
                while stream.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
    return filler


def _must(result: int) -> None:
    if result:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


@cache
def why_not() -> str | None:
    """Why this machine has no such disks; None if it has."""
    if not sys.platform.startswith("linux"):
        return "mount namespaces are Linux's"
    tried = "from pathlib import Path; from tests.faults import small_disk; small_disk.mount(Path('/tmp'), megabytes=1)"
    done = subprocess.run([sys.executable, "-c", tried], capture_output=True, text=True, check=False)
    return f"no mount namespace for this user: {done.stderr.strip().splitlines()[-1]}" if done.returncode else None
