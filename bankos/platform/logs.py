"""Structured logs that never hold a name, an account number, a token or a secret.

Our own records are an event (a constant sentence) with fields of an allow-list; other fields are dropped and only their names are
kept. Records of other libraries keep their template, but an argument only if it is a number, an id or a task's name, or by where it comes
from: of a request's address its route, of an exception its class and places (messages quote data), words the library itself chose.
What the libraries that connect us with our own services say of these connections is kept whole, without passwords: it comes from our
settings and from the services, never from customers. At the end
everything passes a filter that takes out what still looks like a token, a number of an account, an e-mail address or, in foreign text,
anything in quotes.
"""

import errno
import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from logging.config import dictConfig
from pathlib import Path
from types import TracebackType
from typing import Any

import kombu.exceptions
import psycopg
import redis
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

ALLOWED = frozenset(
    {
        # what happened, to what: ids and codes
        *("action", "code", "kind", "model", "outcome", "reason", "rule", "state", "system", "type", "version", "policy_version"),
        *("branch_code", "decision_id", "effect_id", "party_id", "recommendation_id", "run_id", "work_item_id"),
        # events and tasks
        *("attempts", "event_id", "events", "queue", "subscriber", "task", "task_id", "error"),
        # requests
        *("method", "request_id", "route", "status"),
        # processes
        *("child", "exit_code", "kid", "migrations", "pid", "port", "signal"),
        # how many, how long
        *(
            "batch",
            "bucket",
            "buckets",
            "delivered",
            "duration_ms",
            "files",
            "lines",
            "partition",
            "partitions",
            "rejected",
            "rows",
            "seconds",
        ),
    }
)
# Libraries that speak of connections to our own services, in templates that do.
SERVICES = ("celery.", "kombu.", "uvicorn.", "amqp", "redis")
_ABOUT_CONNECTIONS = re.compile(r"\bconnect(?:ed|ing|ion)?\b|%s ready\.|running on", re.IGNORECASE)
_PASSWORDS = re.compile(
    r"(?P<before>://[^\s:/@'\"]*:)[^\s'\"]+(?=@)|(?P<named>\b(?:password|passwd|secret|token)=)[^\s&'\"]+", re.IGNORECASE
)
ABOUT_CODE = (ImportError, NameError, SyntaxError, ImproperlyConfigured)
HIDDEN = "‹…›"
FRAMES = 12

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_SECRETS = re.compile(
    rf"(?P<kept>\b{_UUID}\b)"
    r"|eyJ[\w-]+(?:\.[\w-]*)*"  # a JWS or JWT
    r"|[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"
    r"|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,}(?: ?[A-Z0-9]{1,4})?\b"  # an IBAN
    r"|\d(?:[ -]?\d){5,}"
)
_TOKENS = re.compile(r"eyJ[\w-]+(?:\.[\w-]*)*")
_CONNECTING = {errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT, errno.EPIPE}
# What is never closed is hidden to the end of its line.
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|“[^”\n]*+”?|‘[^’\n]*+’?|«[^»\n]*+»?")
_ID = re.compile(rf"{_UUID}\Z")
_PLACE = re.compile("\ue000(\\d{1,3})\ue001")
_STATUSES = frozenset(status.phrase for status in HTTPStatus)
_CELERYS_WORDS = frozenset({"raised expected", "raised unexpected", "INTERNAL ERROR", "ignored", "rejected"})


def configure(options: Mapping[str, Any]) -> None:
    """Set up logging for the whole process (`settings.LOGGING_CONFIG`).

    Args:
        options: `pretty` (lines for people instead of JSON), `level`.
    """
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    quiet = {"handlers": [], "propagate": True}
    dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"safe": {"()": SafeFormatter, "pretty": options["pretty"]}},
            "filters": {"faults": {"()": OnlyFaults}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "safe"}},
            "root": {"handlers": ["stderr"], "level": options["level"]},
            "loggers": {
                # These libraries bring handlers of their own, which would print what we take out.
                **dict.fromkeys(("django", "django.server", "uvicorn", "uvicorn.error", "uvicorn.access", "celery", "kombu"), quiet),
                # Said better by our own records: a line a request, a line a task.
                "django.request": {**quiet, "filters": ["faults"]},
                "uvicorn.access": {**quiet, "level": "CRITICAL"},
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
            },
        }
    )


def log_uncaught_errors() -> None:
    """Let an error that ends the process be logged like any other: Python would print its message, which may quote data."""

    def log_it(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            logging.getLogger("bankos").critical("uncaught error", exc_info=(kind, error, trace))

    sys.excepthook = log_it


class OnlyFaults(logging.Filter):
    """Lets an unforeseen exception pass; an answer that merely has an error's status is in the request's record already."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.exc_info is not None


class SafeFormatter(logging.Formatter):
    """One line a record: JSON, or columns for people."""

    def __init__(self, *, pretty: bool) -> None:
        super().__init__()
        self.pretty = pretty

    def format(self, record: logging.LogRecord) -> str:
        fields = _own(record.msg) if isinstance(record.msg, dict) else _foreign(record)
        error = _error(record)
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **fields,
            **error,
        }
        return _columns(entry) if self.pretty else json.dumps(entry, ensure_ascii=False, default=str)


def redact(text: str, *, foreign: bool = False) -> str:
    """`text` without what looks like a token, an account number, an e-mail address (and, in foreign text, without quotations)."""
    if foreign:
        text = _QUOTED.sub(HIDDEN, text)
    return _SECRETS.sub(lambda match: match["kept"] or HIDDEN, text)


def reason(error: BaseException) -> str:
    """The class of an error, and what it says if that is about a connection to one of our own services."""
    return _named(error)


def _about_services(error: BaseException) -> bool:
    """Whether an error comes from a connection to a service of ours: it names an address and a reason, and never quotes data."""
    if isinstance(error, psycopg.OperationalError):
        return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
    if isinstance(error, DatabaseError):
        return isinstance(error.__cause__, psycopg.OperationalError) and _about_services(error.__cause__)
    if isinstance(error, OSError):
        return error.filename is None and (isinstance(error, ConnectionError | TimeoutError) or error.errno in _CONNECTING)
    return isinstance(error, kombu.exceptions.OperationalError | redis.ConnectionError | redis.TimeoutError)


def _without_secrets(text: str) -> str:
    """What a service said, without passwords: its first line, because what follows may go on about anything."""
    line = (text.strip().splitlines() or [""])[0]
    line = _PASSWORDS.sub(lambda match: (match["before"] or match["named"]) + HIDDEN, line)
    return _TOKENS.sub(HIDDEN, line)


def _own(event: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in event.items() if not name.startswith("_") and name != "exc_info"}
    entry: dict[str, Any] = {"event": redact(str(known.pop("event", "")))}
    entry |= {name: _value(value) for name, value in known.items() if name in ALLOWED}
    if dropped := sorted(known.keys() - ALLOWED):
        entry["dropped"] = dropped
    return entry


def _value(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float) else redact(str(value))


def _foreign(record: logging.LogRecord) -> dict[str, Any]:
    template = str(record.msg)
    if record.name.startswith(SERVICES) and record.args and _ABOUT_CONNECTIONS.search(template):
        try:
            return {"event": _without_secrets(record.getMessage())}
        except (TypeError, ValueError):
            return {"event": template}
    known: list[str] = []

    def argument(value: Any, name: str = "") -> Any:
        said = _argument(record, value, name)
        if not isinstance(said, str):
            return said
        known.append(said)
        return _Place(f"\ue000{len(known) - 1}\ue001")

    try:
        if isinstance(record.args, Mapping):
            text = template % {name: argument(value, name) for name, value in record.args.items()}
        else:
            text = template % tuple(argument(value) for value in record.args or ()) if record.args else template
    except (TypeError, ValueError):  # a template that wanted a number where we hide one
        text = template
    # What stands in quotes is taken out before what is known to be harmless, quotes and all, is put in.
    return {"event": _PLACE.sub(lambda found: _of(known, int(found[1])), redact(text, foreign=True))}


class _Place(str):
    """Stands in a template for an argument, also where the template asks for its `repr`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _of(known: list[str], number: int) -> str:
    return known[number] if number < len(known) else HIDDEN


def _argument(record: logging.LogRecord, value: Any, name: str) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, BaseException):
        return _named(value)
    text = str(value)
    if _ID.match(text) or text in _task_names():
        return text
    if record.name == "django.request":
        return _of_request(record, text)
    if record.name.startswith("celery."):
        error = record.exc_info[1] if record.exc_info else None
        if name == "exc" and error is not None:
            return _named(error)
        if text in _CELERYS_WORDS:
            return text
    return HIDDEN


def _of_request(record: logging.LogRecord, text: str) -> str:
    """The status in words, and the route instead of the address."""
    request = getattr(record, "request", None)
    if request is not None and text == request.path.encode("unicode_escape").decode("ascii"):
        return str(request.resolver_match.route) if request.resolver_match else "-"
    return text if text in _STATUSES else HIDDEN


def _task_names() -> Mapping[str, Any]:
    from celery import current_app

    return current_app.tasks


def _error(record: logging.LogRecord) -> dict[str, Any]:
    info = record.exc_info or (record.msg.get("exc_info") if isinstance(record.msg, dict) else None)
    if info is True:
        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else info[1] if info else None
    if error is None:
        return {}
    return {"error": " from ".join(_named(cause) for cause in _causes(error)), "trace": _places(error)}


def _named(error: BaseException) -> str:
    """The class; with the message only where that is about code, settings and services, never about data."""
    if _about_services(error):
        return f"{type(error).__name__}: {_without_secrets(str(error))}"
    return f"{type(error).__name__}: {redact(str(error))}" if isinstance(error, ABOUT_CODE) else type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return [f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}" for frame in frames]


_COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "31;1"}


def _columns(entry: dict[str, Any]) -> str:
    level, trace = entry["level"], entry.pop("trace", [])
    fields = " ".join(f"\x1b[2m{name}=\x1b[0m{value}" for name, value in entry.items() if name not in ("at", "level", "logger", "event"))
    line = f"\x1b[2m{entry['at'][11:19]}\x1b[0m \x1b[{_COLOURS.get(level, '0')}m{level:<7}\x1b[0m {entry['event']} {fields}".rstrip()
    return "\n".join([line, *(f"    {place}" for place in trace)])
