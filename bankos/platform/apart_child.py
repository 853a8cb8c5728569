"""The process in which `apart` runs a script: limits itself, then answers requests until nobody is there any more.

Started by its path, so that nothing of bankos is imported: a request and its answer are JSON, each behind its length in 8 bytes.
"""

import importlib.util
import json
import os
import resource
import select
import sys

IDLE = 300.0  # seconds


def main(script: str, memory: int, seconds: int) -> None:
    specification = importlib.util.spec_from_file_location("script", script)
    if specification is None or specification.loader is None:
        raise SystemExit(f"{script} is no script")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _bound_memory(memory)
    while select.select([0], [], [], IDLE)[0] and (size := _read(8)):
        _bound_time(seconds)
        answer = json.dumps(module.answer(json.loads(_read(int.from_bytes(size, "big"))))).encode()
        _write(len(answer).to_bytes(8, "big") + answer)


def _bound_memory(more: int) -> None:
    """Only Linux says how much address space there is already; elsewhere only time is bounded."""
    try:
        with open("/proc/self/statm") as pages:
            now = int(pages.read().split()[0]) * resource.getpagesize()
    except OSError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (now + more, now + more))


def _bound_time(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


def _read(size: int) -> bytes:
    content = b""
    while len(content) < size:
        piece = os.read(0, size - len(content))
        if not piece:
            return b""
        content += piece
    return content


def _write(content: bytes) -> None:
    while content:
        content = content[os.write(1, content) :]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
