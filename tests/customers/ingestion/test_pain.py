"""ISO 20022 payment orders."""

from pathlib import Path

import pytest

from customers import ingestion
from tests.customers.ingestion.extracts import AT, IBAN, count, rows, send_one_customer

pytestmark = pytest.mark.django_db
MESSAGE = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.{version}"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-23T06:00:00</CreDtTm></GrpHdr>
<PmtInf><PmtInfId>P1</PmtInfId>{day}<DbtrAcct><Id><IBAN>{account}</IBAN></Id></DbtrAcct>{orders}</PmtInf></CstmrCdtTrfInitn></Document>"""
ORDER = """<CdtTrfTxInf><PmtId><EndToEndId>NOTPROVIDED</EndToEndId></PmtId><Amt><InstdAmt Ccy="EUR">{amount}</InstdAmt></Amt>
<Cdtr><Nm>Corrib Lettings</Nm></Cdtr><RmtInf><Ustrd>Rent</Ustrd></RmtInf></CdtTrfTxInf>"""


def read(path: Path, *amounts: str, version: str = "09", day: str = "<ReqdExctnDt><Dt>2026-12-01</Dt></ReqdExctnDt>", account: str = IBAN):
    orders = "".join(ORDER.format(amount=amount) for amount in amounts)
    path.write_text(MESSAGE.format(version=version, day=day, account=account, orders=orders))
    return ingestion.ingest("payments", [path], at=AT).files[0]


@pytest.mark.parametrize(
    ("version", "day"), [("03", "<ReqdExctnDt>2026-12-01</ReqdExctnDt>"), ("12", "<ReqdExctnDt><Dt>2026-12-01</Dt></ReqdExctnDt>")]
)
def test_an_order_is_something_the_customer_did_and_books_nothing(tmp_path: Path, version: str, day: str) -> None:
    send_one_customer(tmp_path / "before")
    report = read(tmp_path / "orders.xml", "850.00", "850.00", version=version, day=day)

    assert (report.feed, report.added, report.rejected, count("transaction"), count("paymentschedule")) == ("pain.001", 2, 0, 0, 0)
    found = rows("SELECT kind, channel, actor_kind, summary, occurred_at::text FROM customers_interaction")
    assert (
        found
        == [("payment_order", "web", "customer", "Ordered 850.00 EUR to Corrib Lettings for 2026-12-01: Rent", "2026-11-23 06:00:00+00")]
        * 2
    )
    (tmp_path / "again.xml").write_text((tmp_path / "orders.xml").read_text() + "\n")
    assert ingestion.ingest("payments", [tmp_path / "again.xml"], at=AT).added == 0


def test_orders_that_cannot_be_used_wait(tmp_path: Path) -> None:
    send_one_customer(tmp_path / "before")
    read(tmp_path / "a.xml", "0.00", "-1.00", "850.00")
    read(tmp_path / "b.xml", "850.00", account="IE00NOBODY")
    read(tmp_path / "c.xml", "850.00", day="<ReqdExctnDt>2026-02-30</ReqdExctnDt>")

    assert [reject.code for reject in ingestion.open_rejects()] == ["bad_amount", "bad_amount", "unknown_account", "bad_date"]
