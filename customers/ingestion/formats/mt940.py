"""SWIFT MT940 (statements) and MT942 (reports of the day), tag by tag; what a tag looks like is mt-940's knowledge.

The library would read a file as a whole and write what it cannot read, which is customers' money, to the log: only its patterns are used.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from mt940 import tags

from ..errors import UnreadableFile
from ..feed import Complaint
from ..reading import Chunk, Source, as_text
from .entries import Entry, chunks_of_entries
from .layout import Arriving, Layout, Stretch
from .statements import BALANCE, ENTRY, Statement, account_number

FEEDS = (ENTRY, BALANCE)
LONGEST_TAG = 100
"""Lines; the longest of the standard has six."""

_BEGINS = re.compile(rb"(?m)\A.{0,500}?^(?:\{4:\r?\n)?:20:.{0,2000}?^:25:", re.DOTALL | re.MULTILINE)
_REPORT = re.compile(rb"(?m)^:(?:34F|13D):")
_TAG = re.compile(r":(\d\d[A-Z]?):(.*)", re.DOTALL)
_ENDS = ("-", "-}")
_ENTRY, _BALANCE, _NUMBER = (tag.re for tag in (tags.Statement(), tags.BalanceBase(), tags.StatementNumber()))
_DETAILS = re.compile(r"\?(\d\d)")
_CODE = re.compile(r"(\d{3})\?")
_MADE_OUT = Complaint("bad_entry", "The line doesn't say day, debit or credit, and amount as a statement line does.")

# How money moved: the standard's types, and where they say only "other", the codes German banks add.
_BY_TYPE = {
    "CHG": "fee", "COM": "fee", "INT": "interest", "DDT": "direct_debit", "STO": "standing_order", "SAL": "salary", "TRF": "transfer",
    "LDP": "instalment", "CHK": "cheque",
}  # fmt: skip
_BY_CODE = {
    "005": "direct_debit", "104": "direct_debit", "105": "direct_debit", "106": "card", "107": "card", "082": "cash", "083": "cash",
    "117": "standing_order", "152": "standing_order", "153": "salary", "166": "transfer", "116": "transfer", "805": "fee",
    "814": "interest",
}  # fmt: skip


class Mt940:
    def recognise(self, file: Arriving) -> Layout | None:
        if _BEGINS.match(file.head) is None:
            return None
        return Layout(name="mt942" if _REPORT.search(file.head) else "mt940", feeds=FEEDS, chunks=_chunks)


class Tag(NamedTuple):
    line: int
    name: str
    lines: list[str]


def _chunks(source: Source, stretch: Stretch) -> Iterator[Chunk]:
    return chunks_of_entries(source, _entries(source), FEEDS, stretch)


def _tags(source: Source) -> Iterator[Tag]:
    held: Tag | None = None
    for number, raw in enumerate(iter(partial(source.readline), b""), 1):
        text = as_text(raw, name=source.name, line=number).rstrip("\r\n")
        found = _TAG.match(text)
        if found is not None:
            if held is not None:
                yield held
            held = Tag(number, found[1], [found[2]])
        elif text.strip() in _ENDS:
            if held is not None:
                yield held
            held = None
        elif held is not None:
            held.lines.append(text)
            if len(held.lines) > LONGEST_TAG:
                raise UnreadableFile(f"{source.name}, line {number}: the tag {held.name} has more than {LONGEST_TAG} lines.")
    if held is not None:
        yield held


def _entries(source: Source) -> Iterator[Entry]:
    account, number, statement = "", "", Statement(name="", account="", currency="", order=0)
    waiting: Tag | None = None
    for tag in _tags(source):
        if waiting is not None:
            yield _entry(waiting, tag.lines if tag.name == "86" else [], statement)
            waiting = None
        match tag.name:
            case "20":
                account, number = "", ""
                statement = Statement(name="", account="", currency="", order=0)
            case "25":
                account = account_number(tag.lines[0])
                statement = _opened(account, number)
            case "28" | "28C":
                number = tag.lines[0].strip()
                statement = _opened(account, number)
            case "60F" | "60M":
                statement.currency, statement.opening, _ = _balance(tag)
            case "34F":
                statement.currency = tag.lines[0][:3]
            case "61":
                waiting = tag
            case "62F" | "62M":
                currency, statement.closing, statement.closed_on = _balance(tag)
                statement.currency = statement.currency or currency
                yield Entry(tag.line, BALANCE, statement.balance())
    if waiting is not None:
        yield _entry(waiting, [], statement)


def _opened(account: str, number: str) -> Statement:
    found = _NUMBER.match(number)
    order = int(found["statement_number"]) * 10**5 + int(found["sequence_number"] or 0) if found else 0
    return Statement(name=number, account=account, currency="", order=order)


def _balance(tag: Tag) -> tuple[str, str, str]:
    """(currency, amount, day); as it stands if it cannot be made out."""
    found = _BALANCE.match(tag.lines[0])
    if found is None:
        return "", tag.lines[0], ""
    return found["currency"].upper(), _amount(found["amount"], found["status"]), _day(found["year"], found["month"], found["day"])


def _entry(tag: Tag, details: list[str], statement: Statement) -> Entry:
    first, *supplement = tag.lines
    found = _ENTRY.match("\n".join((first, " ".join(supplement))) if supplement else first)
    if found is None:
        told = {"booked_on": "", "amount": "", "currency": "", "reference": "", "told_by": (), "method": "", "purpose": " ".join(tag.lines)}
        return Entry(tag.line, ENTRY, statement.entry(**told), broken=_MADE_OUT)  # type: ignore[arg-type]
    reference = (found["bank_reference"] or "").strip()
    told_details = _told(details)
    return Entry(
        tag.line,
        ENTRY,
        statement.entry(
            booked_on=_booked_on(found),
            amount=_amount(found["amount"], found["status"]),
            currency=statement.currency,
            reference="" if reference == "NONREF" else reference,
            told_by=(*tag.lines, *details),
            method=_method(found["id"] or "", told_details.code),
            purpose=told_details.purpose or (found["extra_details"] or "").strip(),
            counterparty=told_details.name,
            counterparty_account=told_details.account,
        ),
    )


def _booked_on(found: re.Match[str]) -> str:
    """The day of booking, which is written without its year; the value date if there is none."""
    month, day = (found["entry_month"] or "").strip(), (found["entry_day"] or "").strip()
    if not month or not day:
        return _day(found["year"], found["month"], found["day"])
    turn = {("12", "01"): 1, ("01", "12"): -1}.get((found["month"], month), 0)
    return _day(f"{int(found['year']) + turn:02d}"[-2:], month, day)


def _day(year: str, month: str, day: str) -> str:
    return f"{'19' if year >= '80' else '20'}{year}-{month}-{day}"


def _amount(value: str, mark: str) -> str:
    """`mark`: C and D, or their reversals RC and RD, which move money the other way."""
    return f"{'-' if mark.upper() in ('D', 'RC') else ''}{value.replace(',', '.').rstrip('.')}"


class Details(NamedTuple):
    code: str
    purpose: str
    name: str
    account: str


def _told(lines: list[str]) -> Details:
    """What an entry's information says: by numbered parts where banks write those, else as plain text."""
    joined = "".join(lines)
    code = _CODE.match(joined)
    if code is None:
        return Details("", " ".join(" ".join(lines).split()), "", "")
    _, *parts = _DETAILS.split(joined)
    said = dict(zip(parts[::2], parts[1::2], strict=True))
    purpose = "".join(text for part, text in said.items() if "20" <= part <= "29" or "60" <= part <= "63")
    return Details(code[1], purpose or said.get("00", ""), said.get("32", "") + said.get("33", ""), said.get("31", ""))


def _method(type: str, code: str) -> str:
    kind = type[1:].strip().upper()
    return _BY_TYPE.get(kind) or _BY_CODE.get(code) or kind.lower() or "other"
