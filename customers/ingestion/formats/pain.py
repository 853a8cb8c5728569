"""ISO 20022 payment orders (pain.001, versions 001.02 to 001.12): what a customer told the bank to pay, before it is booked.

An order is something a customer did, once, and the payment it asks for may yet be refused or taken back: it is kept as a contact of the
account's owner. It is no booked entry, and no standing order either, which leaves each month.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from ..converters import currency, day, key, moment, positive_amount
from ..feed import Feed, column
from ..reading import Chunk, Source
from ..records import PaymentOrderRecord
from .entries import Entry, chunks_of_entries
from .layout import Arriving, Layout, Stretch
from .statements import account_number, shortened
from .xml import Element, child, elements, first_text, local, root_name, text

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:pain\.001\.001\.(0[2-9]|1[0-2])")


def _moment(value: str) -> datetime:
    """A moment whose offset isn't said is the bank's."""
    value = value.strip()
    try:
        said = datetime.fromisoformat(value)
    except ValueError:
        return moment(value)
    return moment(value if said.tzinfo else said.replace(tzinfo=ZoneInfo(settings.TIME_ZONE)).isoformat())


ORDER = Feed(
    name="pain.order",
    system="",
    header=("account", "order", "ordered_at", "requested_on", "amount", "currency", "counterparty", "counterparty_account", "purpose"),
    record=PaymentOrderRecord,
    moment="ordered_at",
    fields={
        "source_key": column("order", key(45)),
        "account_key": column("account", key()),
        "ordered_at": column("ordered_at", _moment),
        "requested_date": column("requested_on", day),
        "amount": column("amount", positive_amount),
        "currency": column("currency", currency),
        "counterparty": column("counterparty", shortened(120)),
        "counterparty_account": column("counterparty_account", shortened(60)),
        "purpose": column("purpose", shortened(80)),
    },
)
FEEDS = (ORDER,)


class Pain:
    def recognise(self, file: Arriving) -> Layout | None:
        if not file.beginning.startswith(b"<"):
            return None
        name, namespace = root_name(file.head)
        if name != "Document" or _NAMESPACE.fullmatch(namespace) is None:
            return None
        return Layout(name="pain.001", feeds=FEEDS, chunks=_chunks)


def _chunks(source: Source, stretch: Stretch) -> Iterator[Chunk]:
    return chunks_of_entries(source, _entries(source), FEEDS, stretch)


def _entries(source: Source) -> Iterator[Entry]:
    number = place = 0
    message = ordered_at = ""
    for event, element in elements(source, "GrpHdr", "PmtInf", "CdtTrfTxInf"):
        name = local(element)
        if event == "start":
            place = 0 if name == "PmtInf" else place
        elif name == "GrpHdr":
            message, ordered_at = text(element, "MsgId"), text(element, "CreDtTm")
        else:
            parent = element.getparent()
            if name == "CdtTrfTxInf" and parent is not None:
                number, place = number + 1, place + 1
                yield Entry(number, ORDER, _cells(element, parent, message=message, place=place, ordered_at=ordered_at))
            if parent is not None:
                parent.remove(element)


def _cells(order: Element, batch: Element, *, message: str, place: int, ordered_at: str) -> tuple[str, ...]:
    amount = child(order, "Amt", "InstdAmt")
    said = (message, text(batch, "PmtInfId"), text(order, "PmtId", "InstrId"), text(order, "PmtId", "EndToEndId"), str(place))
    return (
        account_number(first_text(batch, ("DbtrAcct", "Id", "IBAN"), ("DbtrAcct", "Id", "Othr", "Id"))),
        hashlib.sha256("\x1f".join(said).encode()).hexdigest()[:40],
        ordered_at,
        first_text(batch, ("ReqdExctnDt", "Dt"), ("ReqdExctnDt", "DtTm"), ("ReqdExctnDt",))[:10],
        amount.text or "" if amount is not None else "",
        amount.get("Ccy", "") if amount is not None else "",
        text(order, "Cdtr", "Nm"),
        account_number(first_text(order, ("CdtrAcct", "Id", "IBAN"), ("CdtrAcct", "Id", "Othr", "Id"))),
        " ".join(filter(None, (text(order, "Purp", "Cd"), text(order, "RmtInf", "Ustrd")))),
    )
