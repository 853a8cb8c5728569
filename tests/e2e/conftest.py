"""A whole bank for the browser tests: its own database, the demo bank in it, the web process, and a browser that forgives no error."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, expect, sync_playwright

from . import hanging

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CUSTOMERS = 120
PATIENCE = 30_000
"""Milliseconds the browser waits for what takes one on a quiet machine."""
BRANCH_STAFF, CONTACT_CENTRE, TEAM_LEAD, COMPLIANCE, ADMINISTRATOR = "siobhan", "jonas", "ruairi", "maeve", "admin"
INES, BEATRIZ = NAMED = ("Ines Marchetti-Okafor", "Beatriz Carvalho Nogueira")
expect.set_options(timeout=PATIENCE)
# No browser may call home while it is tested.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass(frozen=True)
class Bank:
    """The running bank: where it is and how its demo staff sign in."""

    url: str
    database_url: str
    password: str
    inside: subprocess.Popen[str]

    def run(self, program: str) -> str:
        """Run a few lines inside the bank, against its faces; returns what they print."""
        assert self.inside.stdin is not None
        assert self.inside.stdout is not None
        print(json.dumps(program), file=self.inside.stdin, flush=True)
        answer = json.loads(self.inside.stdout.readline())
        assert "failed" not in answer, answer["failed"]
        return str(answer["printed"])

    def rows(self, query: str, *values: object) -> list[tuple]:
        """Read the database as its owner, to find what a test is about."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query, values).fetchall()

    def value(self, query: str, *values: object) -> object:
        return self.rows(query, *values)[0][0]

    def branch_of(self, username: str) -> str:
        return str(self.value("SELECT branch_code FROM platform_user WHERE username = %s", username))

    def open_suggestion(self, *, action: str = "%") -> str:
        """One that waits for an answer; not of the customers a test names. The contact centre sees all branches."""
        query = (
            "SELECT r.id FROM insights_recommendation r JOIN customers_party p ON p.id = r.party_id"
            " WHERE r.state = 'open' AND r.action LIKE %s AND p.name <> ALL (%s) ORDER BY r.id LIMIT 1"
        )
        return str(self.value(query, action, list(NAMED)))


@pytest.fixture(scope="package")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """Migrated, filled by the demo generator through the real door, served by the real web process."""
    needs_browser()
    folder = tmp_path_factory.mktemp("bank")
    admin_url, database_url, name = _database_urls()
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    port = _free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "bankos.settings.embedded",
        "DATABASE_URL": database_url,
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "SECRET_KEY": "e2e-only-e2e-only-e2e-only-e2e-only-e2e-only-e2e-only",
        "SIGNING_KEYS_DIR": str(folder / "keys"),
        "MASTER_KEYS_DIR": str(folder / "master"),
        "EFFECTS_DIR": str(folder / "effects"),
        "BANKOS_LOG_LEVEL": "WARNING",
    }
    log = (folder / "web.log").open("w")
    processes: list[subprocess.Popen[str]] = []
    try:
        for command in (
            ["migrate", "-v0"],
            ["policies"],
            ["collectstatic", "--noinput", "-v0"],
            ["demo", "--customers", str(CUSTOMERS), "--seed", "7", "--out", str(folder / "extracts")],
        ):
            manage = [sys.executable, "manage.py", *command]
            done = subprocess.run(manage, cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log, check=False)
            assert done.returncode == 0, f"manage.py {command[0]}:\n{(folder / 'web.log').read_text()[-3000:]}"
        server = ["-m", "uvicorn", "bankos.asgi:application", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
        start = partial(subprocess.Popen, cwd=settings.BASE_DIR, env=environment, stderr=log, text=True)
        web = start([sys.executable, *server], stdout=log)
        processes.append(web)
        inside = start([sys.executable, "-m", "tests.e2e.inside"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        processes.append(inside)
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/healthz", web, folder / "web.log")
        yield Bank(url, database_url, settings.DEMO_PASSWORD, inside)
    finally:
        for process in processes:
            process.terminate()
            process.wait(timeout=20)
        log.close()
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def needs_browser() -> None:
    """Skip where there is no Chromium; in CI its absence is a failure."""
    if shutil.which(CHROMIUM) or Path(CHROMIUM).exists():
        return
    message = f"no Chromium at {CHROMIUM}: apt-get install chromium, or set CHROMIUM"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    if item.get_closest_marker("browser") is None:
        return None
    hanging.run(item, nextitem)
    return True


@pytest.fixture(scope="package")
def browsers() -> Iterator[hanging.Browsers]:
    """Gone with the last of these tests: while it is there, Django takes its loop for ours and refuses the database to every other."""
    needs_browser()
    with sync_playwright() as playwright:
        chromium = hanging.Browsers(playwright, CHROMIUM, ARGUMENTS)
        yield chromium
        chromium.close()


@dataclass
class Watch:
    """Everything a browser complained about. A test names the failed answers it provokes; the rest fails the test."""

    complaints: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def expect(self, *statuses: int) -> None:
        self.expected |= set(statuses)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def unexpected(self) -> list[str]:
        forgiven = tuple(f"the server responded with a status of {status} " for status in self.expected)
        return [text for text in self.complaints if not any(words in text for words in forgiven)]


Opener = Callable[..., Page]
SignIn = Callable[[Page, str], None]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """No console error, no page error, no violation of the content security policy, in any test."""
    watch = Watch()
    yield watch
    assert watch.unexpected() == []


@pytest.fixture
def open_page(bank: Bank, browsers: hanging.Browsers, watch: Watch, request: pytest.FixtureRequest) -> Iterator[Opener]:
    """Opens a page in a fresh browser profile; `width`, `theme`, `script` vary it."""
    contexts: list[BrowserContext] = []

    def open_one(*, width: int = 1280, theme: str = "light", script: bool = True) -> Page:
        context = browsers.one().new_context(
            base_url=bank.url,
            viewport={"width": width, "height": 720},
            color_scheme=theme,
            reduced_motion="reduce",
            java_script_enabled=script,
            locale="en-IE",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", watch.hear)
        page.on("pageerror", lambda error: watch.complaints.append(str(error)))
        return page

    with hanging.ended_if_it_hangs(request.node.nodeid):
        yield open_one
        for context in contexts:
            with suppress(Error):
                context.close()


@pytest.fixture
def page(open_page: Opener) -> Page:
    return open_page()


@pytest.fixture
def sign_in(bank: Bank) -> SignIn:
    def sign_in_as(page: Page, username: str) -> None:
        page.goto("/accounts/login/")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(bank.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/accounts/login" not in url)

    return sign_in_as


def _database_urls() -> tuple[str, str, str]:
    """The server's own database to make another in, and the address and name of that other."""
    base = os.environ.get("DATABASE_URL") or settings.EMBEDDED_LAYOUT.database_url
    name = f"bankos_e2e_{os.getpid()}"
    parts = urlsplit(base)
    return urlunsplit(parts._replace(path="/postgres")), urlunsplit(parts._replace(path=f"/{name}")), name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, web: subprocess.Popen, log: Path) -> None:
    for _ in range(600):
        if web.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310
                json.load(answer)
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the web process did not start:\n{log.read_text()[-2000:]}")
