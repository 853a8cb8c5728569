# ruff: noqa: T201
"""How long a bundle of many decisions takes to verify, and whether random corruptions of it are found.

    python tests/benchmarks/verify_corruptions.py [--decisions 100000] [--corruptions 1000] [--seed 1]

Makes a log of that many decisions with their uses, signed with real keys; writes its bundle; verifies the file by the command with
one process and with two; then corrupts one place at a time and verifies the lines in this process. What `parse` and
`signature_holds` said of exactly the same bytes is remembered between the trials; order, tree and all else are done anew in each.
Fails if one corruption is not found.
"""

import argparse
import subprocess
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from sentinel import bundle, verify
from tests.sentinel.bundles import sample_log
from tests.sentinel.corruptions import corrupted

# Run by a small process in between: a child's peak memory begins with that of the process that started it, and this one is large.
_MEASURED = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
    " used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_maxrss, used.ru_utime + used.ru_stime)"
)


def command(path: Path, processes: int) -> None:
    """Verify the file as an auditor does. Processor time is that of all its processes, memory that of the largest."""
    began = time.perf_counter()
    verifier = [sys.executable, verify.__file__, str(path), "--processes", str(processes)]
    done = subprocess.run([sys.executable, "-c", _MEASURED, *verifier], check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    said = done.stdout.splitlines()
    memory, busy = said[-1].split()
    print(
        f"verify.py --processes {processes}: {seconds:.1f} s, processor {float(busy):.1f} s, {int(memory) / 1024:.0f} MB: {said[0]}",
        flush=True,
    )


def main(decisions: int, corruptions: int, seed: int) -> int:
    began = time.perf_counter()
    log = sample_log(decisions, seed=seed)
    lines = log.complete()
    made = time.perf_counter() - began
    print(f"{decisions:,} decisions, {len(log.entries):,} entries, {sum(map(len, lines)) / 1e6:.0f} MB, made in {made:.1f} s", flush=True)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        bundle.write(path, lines)
        for processes in (1, 2):
            command(path, processes)

    parse, holds = cache(verify.parse), cache(verify.signature_holds)
    chance, found, missed, longest = Random(seed), Counter[str](), list[str](), 0.0
    whole = verify.verify(lines, parse=parse, holds=holds).problem
    began = time.perf_counter()
    for _ in range(corruptions):
        name, changed = corrupted(chance, lines)
        started = time.perf_counter()
        problem = verify.verify(changed, parse=parse, holds=holds).problem
        longest = max(longest, time.perf_counter() - started)
        if problem is None:
            missed.append(name)
        else:
            found[name] += 1
    seconds = time.perf_counter() - began
    print(f"{found.total():,} of {corruptions:,} corruptions found in {seconds:.0f} s, the slowest in {longest:.2f} s")
    print("  " + ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in found.most_common()))
    print(f"before any corruption: {whole or 'nothing wrong'}; not found: {', '.join(missed) or 'none'}")
    return 1 if missed or whole else 0


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--decisions", type=int, default=100_000)
    asked.add_argument("--corruptions", type=int, default=1000)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    sys.exit(main(given.decisions, given.corruptions, given.seed))
