"""The bank lets in everything its demo systems send."""

from datetime import UTC, datetime

import pytest

from customers.ingestion import ingest
from demobank.extracts import SYSTEMS, files_of

AT = datetime(2026, 11, 23, 6, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def test_every_row_is_let_in_and_a_second_time_changes_nothing(write):
    bank = write(customers=160, months=3)

    first = [ingest(system, files_of(system, bank.folder), at=AT) for system in SYSTEMS]
    second = [ingest(system, files_of(system, bank.folder), at=AT) for system in SYSTEMS]

    read = {f"{report.system}/{file.name}": file.read for report in first for file in report.files}
    assert read == bank.facts["rows"]
    assert sum(report.rejected for report in first) == 0
    assert sum(report.added for report in second) == 0
