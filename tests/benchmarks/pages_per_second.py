# ruff: noqa: T201
"""Pages of customers a second, asked for by so many clerks at once, of a whole bank with so many web processes.

    python tests/benchmarks/pages_per_second.py CLERKS SECONDS PROCESSES…

Starts a bank of its own in a temporary folder (`manage.py start`, 120 demo customers; a minute or more to fill), once for each number of
web processes. Each clerk is signed in and asks for one customer's page after the other, without a pause. Printed are the pages a second,
how long they took, what else was answered (503: refused at once because the line was full), and what the processors did meanwhile.
"""

import os
import re
import sys
import threading
import time
from collections import Counter
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def seconds_of_processor(pids: set[int]) -> float:
    """Used so far by these processes."""
    used = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        used += int(fields[11]) + int(fields[12])
    return used / TICKS


def measure(port: int, processes: int, clerks: int, seconds: float) -> None:
    os.environ["BANKOS_WEB_PROCESSES"] = str(processes)
    terminal = Terminal(Path(os.environ["BANKOS_VAR"]), port, settings_module=SETTINGS)
    try:
        terminal.wait_for("sign in as", seconds=FILL)
        bank = Bank(terminal)
        browsers = [Browser(port, Seen()) for _ in range(clerks)]
        for number, browser in enumerate(browsers):
            while not browser.sign_in(PEOPLE[number % len(PEOPLE)], django_settings.DEMO_PASSWORD):
                time.sleep(1)
        _, listed = browsers[0].ask("list", "GET", "/customers/")
        _, suggested = browsers[0].ask("list", "GET", "/suggestions/")
        paths = sorted(set(re.findall(r'href="(/customers/[0-9a-f-]{36}/)"', listed + suggested)))
        answers: Counter[int] = Counter()
        took: list[float] = []
        until = time.monotonic() + seconds

        def ask(browser: Browser, first: int) -> None:
            number = first
            while time.monotonic() < until:
                began = time.monotonic()
                status, _ = browser.ask("page", "GET", paths[number % len(paths)])
                number += 1
                answers[status] += 1
                if status == 200:
                    took.append(time.monotonic() - began)

        parents = {"web": bank.pid("web"), "postgres": bank.pid("postgres")}
        before = {name: seconds_of_processor(family(pid, bank)) for name, pid in parents.items()}
        threads = [threading.Thread(target=ask, args=(browser, number * 7)) for number, browser in enumerate(browsers)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lasted = time.monotonic() - began
        used = {name: (seconds_of_processor(family(pid, bank)) - before[name]) / lasted for name, pid in parents.items()}
        took.sort()
        print(
            f"{processes} web processes, {clerks} clerks, {len(paths)} customers: {len(took) / lasted:.1f} pages/s, "
            f"p50 {took[len(took) // 2] * 1000:.0f} ms, p95 {took[int(len(took) * 0.95)] * 1000:.0f} ms; "
            f"{dict(answers)}; processors: web {used['web']:.2f}, PostgreSQL {used['postgres']:.2f} of {os.cpu_count()}, "
            f"load average {os.getloadavg()[0]:.1f}; web: {used['web'] / (len(took) / lasted) * 1000:.0f} ms of a processor a page",
            flush=True,
        )
    finally:
        terminal.press_ctrl_c()


def family(pid: int, bank: "Bank") -> set[int]:
    return {pid, *children_of(pid, bank)}


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
    from tests.benchmarks.outages import FILL, PEOPLE, SETTINGS, Browser, Seen, bank_of_its_own, children_of

    with bank_of_its_own("bankos-pages-") as (_, free):
        from django.conf import settings as django_settings

        from tests.faults.test_outages import Bank
        from tests.platform.test_start import Terminal

        for count in map(int, sys.argv[3:]):
            measure(free, count, int(sys.argv[1]), float(sys.argv[2]))
