"""Events of channels in files."""

import json
from pathlib import Path

import pytest

from customers import ingestion
from tests.customers.ingestion.extracts import AT, rows, send_one_customer

pytestmark = pytest.mark.django_db
CLOUD = {
    "specversion": "1.0", "id": "e1", "source": "digital", "type": "com.meridian.app.TravelNotice", "subject": "ines@posteo.example",
    "time": "2026-11-20T20:00:00Z", "data": {"channel": "app", "detail": "Lisbon"},
}  # fmt: skip
IDENTIFY = {
    "type": "identify",
    "messageId": "m1",
    "userId": "u7",
    "traits": {"email": "Ines@posteo.example"},
    "timestamp": "2026-11-20T20:00:00Z",
}
TRACK = {
    "type": "track", "messageId": "m2", "userId": "u7", "event": "Loan Application Abandoned", "timestamp": "2026-11-20T21:00:00Z",
    "properties": {"channel": "web"},
}  # fmt: skip


def read(path: Path, *events: object) -> ingestion.FileReport:
    path.write_text("".join(f"{event if isinstance(event, str) else json.dumps(event)}\n" for event in events))
    return ingestion.ingest("digital", [path], at=AT).files[0]


def signals() -> list[tuple]:
    return rows("SELECT kind, channel, detail, source_key FROM customers_signal ORDER BY occurred_at")


def test_cloud_events_and_track_and_identify_tell_of_customers(tmp_path: Path) -> None:
    send_one_customer(tmp_path / "before")
    report = read(tmp_path / "events.jsonl", IDENTIFY, TRACK, CLOUD, CLOUD)

    assert (report.feed, report.rejected) == ("events", 0)
    assert signals() == [
        ("travel_notice", "app", "Lisbon", "digital:e1"),
        ("loan_application_abandoned", "web", "", "digital:m2"),
    ]
    assert read(tmp_path / "again.jsonl", CLOUD, TRACK).added == 0


def test_lines_that_tell_of_nobody_or_of_nothing_wait(tmp_path: Path) -> None:
    send_one_customer(tmp_path / "before")
    timeless = {name: value for name, value in TRACK.items() if name != "timestamp"} | {"messageId": "m3"}
    report = read(tmp_path / "events.jsonl", TRACK, "{not json", timeless, CLOUD | {"id": "e2", "specversion": "0.3"})

    assert report.added == 0
    assert [(reject.line, reject.code) for reject in ingestion.open_rejects()] == [
        (1, "unknown_login"), (2, "no_event"), (3, "missing"), (4, "missing"),
    ]  # fmt: skip

    read(tmp_path / "identify.jsonl", IDENTIFY)
    ingestion.rerun(at=AT)
    assert [kind for kind, *_ in signals()] == ["loan_application_abandoned"]
