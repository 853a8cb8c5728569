"""Somebody's web server that webhooks are sent to."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .conftest import Program


@dataclass
class Receiver:
    """Keeps what it gets, and answers as it was told."""

    host: str = ""
    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: int = 200
    slowness: float = 0
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@contextmanager
def listening() -> Iterator[Receiver]:
    """A receiver that answers until the block ends."""
    receiver = Receiver()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(receiver.slowness)
            self.send_response(receiver.answer)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"thanks")

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    host = f"127.0.0.1:{server.server_address[1]}"
    receiver.host, receiver.url = host, f"http://{host}/hooks"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def subscribe(program: Program, receiver: Receiver, **said: Any) -> tuple[str, str]:
    """(id, secret) of a new webhook."""
    made = program.post("webhooks/", {"url": receiver.url, **said})
    assert made.status_code == 201, made.content
    return made.json()["id"], made.json()["secret"]
