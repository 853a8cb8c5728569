"""OFX 1.x (SGML) and 2.x (XML) statements of bank and card accounts, by a reader of our own that knows both.

To it a file is marks and the text between them: it builds no tree, closes nothing by itself, and expands only XML's five named entities and
numbered characters. Of the statement's aggregates it knows those that tell of entries and balances, and passes over all others.
"""

import codecs
import html
import re
from collections.abc import Iterator

from ..errors import UnreadableFile
from ..reading import Chunk, Source
from .entries import Entry, chunks_of_entries
from .layout import Arriving, Layout, Stretch
from .statements import BALANCE, ENTRY, WITHDRAWN, Statement, account_number
from .xml import DECLARES

FEEDS = (ENTRY, WITHDRAWN, BALANCE)
LONGEST_TOKEN = 64 * 1024
MOST_PARTS = 1_000
_BLOCK = 32 * 1024
_CHARSETS = {"1252": "cp1252", "8859-1": "iso-8859-1", "ISO-8859-1": "iso-8859-1", "UTF-8": "utf-8", "NONE": "ascii", "": "ascii"}
_TOKEN = re.compile(r"<!\[CDATA\[(?P<plain>.*?)\]\]>|<(?P<mark>[^<>]*)>|(?P<text>[^<]+)", re.DOTALL)
_ENTITY = re.compile(r"&(amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9A-Fa-f]{1,6});")
_ACCOUNTS = ("BANKACCTFROM", "CCACCTFROM")
_GROUPS = (*_ACCOUNTS, "LEDGERBAL", "AVAILBAL", "PAYEE", "BANKACCTTO", "CCACCTTO", "CURRENCY", "ORIGCURRENCY")
_METHODS = {
    "INT": "interest", "FEE": "fee", "SRVCHG": "fee", "ATM": "cash", "CASH": "cash", "POS": "card", "XFER": "transfer",
    "PAYMENT": "transfer", "CHECK": "cheque", "DIRECTDEP": "salary", "DIRECTDEBIT": "direct_debit", "REPEATPMT": "standing_order",
    "DEP": "deposit", "DIV": "dividend",
}  # fmt: skip


class Ofx:
    def recognise(self, file: Arriving) -> Layout | None:
        start = file.beginning[:4_096]
        if not (start.startswith(b"OFXHEADER") or (start.startswith(b"<") and re.search(rb"<\?OFX\b|<OFX>", start))):
            return None
        return Layout(name="ofx", feeds=FEEDS, chunks=_chunks)


def _chunks(source: Source, stretch: Stretch) -> Iterator[Chunk]:
    return chunks_of_entries(source, _entries(source), FEEDS, stretch)


def _tokens(source: Source) -> Iterator[tuple[str, str]]:
    """("mark", name) and ("text", words), in the order of the file, from <OFX> on.

    Raises:
        UnreadableFile
    """
    start = source.read(_BLOCK)
    decoder = codecs.getincrementaldecoder(_encoding(start, source.name))()
    held, block, ended = "", start, False
    while block or held:
        try:
            held += decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            raise UnreadableFile(f"{source.name} isn't written in the encoding its header names. Send it again, as it was meant.") from None
        # What stands behind the last mark's beginning may go on in the next block.
        whole = held if not block else held[: held.rfind("<")] if "<" in held else ""
        if "<!DOCTYPE" in whole or "<!ENTITY" in whole:
            raise UnreadableFile(f"{source.name} {DECLARES}")
        if "<![CDATA[" in whole and block and whole.count("<![CDATA[") != whole.count("]]>"):
            whole = whole[: whole.rfind("<![CDATA[")]
        held = held[len(whole) :]
        if len(held) > LONGEST_TOKEN:
            raise UnreadableFile(f"{source.name} has a text of more than {LONGEST_TOKEN // 1024} KB; this isn't a statement.")
        for found in _TOKEN.finditer(whole):
            if found["mark"] is not None:
                ended = found["mark"].strip().upper() == "/OFX"
                yield "mark", found["mark"].strip()
            elif words := (found["plain"] or found["text"] or "").strip():
                yield "text", words if found["plain"] else _ENTITY.sub(lambda match: html.unescape(match[0]), words)
        if not block:
            break
        block = source.read(_BLOCK)
    if not ended:
        raise UnreadableFile(f"{source.name} ends before </OFX>. Send it again, whole.")


def _encoding(start: bytes, name: str) -> str:
    if re.search(rb"<\?xml", start[:200]):
        found = re.search(rb"<\?xml[^>]*encoding=[\"']([\w.-]+)", start[:400])
        wanted = found[1].decode().upper() if found else "UTF-8"
        known = {"UTF-8": "utf-8-sig", "US-ASCII": "ascii", "WINDOWS-1252": "cp1252", "ISO-8859-1": "iso-8859-1"}.get(wanted)
    else:
        said = dict(re.findall(r"(?m)^\s*(ENCODING|CHARSET):([\w-]*)", start[:2_000].decode("latin-1")))
        wanted = "UTF-8" if said.get("ENCODING", "").upper() in ("UTF-8", "UNICODE") else said.get("CHARSET", "").upper()
        known = _CHARSETS.get(wanted)
    if known is None:
        raise UnreadableFile(f"{name} is written in “{wanted}”, which bankos doesn't read. Send it in UTF-8.")
    return known


def _entries(source: Source) -> Iterator[Entry]:
    number = 0
    statement = Statement(name="", account="", currency="", order=0)
    entry: dict[str, str] | None = None
    said: dict[str, str] = {}
    leaf = group = kind = ""
    for what, words in _tokens(source):
        if what == "text":
            if leaf:
                parts = said if entry is None else entry
                parts[f"{group}.{leaf}" if group else leaf] = words
                if len(parts) > MOST_PARTS:
                    raise UnreadableFile(f"{source.name} has an entry with more than {MOST_PARTS:,} parts; no bank writes such.")
            leaf = ""
            continue
        name = words.upper()
        leaf = "" if name.startswith("/") else name
        if name in ("STMTRS", "CCSTMTRS"):
            kind, said = name, {}
        elif name in _GROUPS:
            group = name
        elif name.startswith("/") and name[1:] in _GROUPS:
            if name[1:] in _ACCOUNTS and entry is None:
                account = account_number(said.get(f"{group}.ACCTID", ""))
                statement = Statement(name=account, account=account, currency=said.get("CURDEF", ""), order=0)
            elif name == "/LEDGERBAL":
                number += 1
                yield Entry(number, BALANCE, _balance(statement, said))
            group = ""
        elif name == "STMTTRN":
            entry = {}
        elif name == "/STMTTRN" and entry is not None:
            corrected = entry.get("CORRECTFITID", "")
            if corrected:
                number += 1
                yield Entry(number, WITHDRAWN, ("transaction", corrected))
            if not (corrected and entry.get("CORRECTACTION", "").upper() == "DELETE"):
                number += 1
                yield Entry(number, ENTRY, _cells(entry, statement, card=kind == "CCSTMTRS"))
            entry = None


def _balance(statement: Statement, said: dict[str, str]) -> tuple[str, ...]:
    moment = said.get("LEDGERBAL.DTASOF", "")
    clock = moment[8:14]
    statement.closing, statement.closed_on = _amount(said.get("LEDGERBAL.BALAMT", "")), _day(moment)
    statement.order = int(clock) if clock.isdecimal() else 0
    return statement.balance()


def _cells(said: dict[str, str], statement: Statement, *, card: bool) -> tuple[str, ...]:
    type = said.get("TRNTYPE", "").upper()
    other = next((said[f"{group}.ACCTID"] for group in ("BANKACCTTO", "CCACCTTO") if f"{group}.ACCTID" in said), "")
    return statement.entry(
        booked_on=_day(said.get("DTPOSTED", "")),
        amount=_amount(said.get("TRNAMT", "")),
        currency=said.get("CURRENCY.CURSYM", "") or statement.currency,
        reference=said.get("FITID", ""),
        told_by=(type, said.get("MEMO", ""), said.get("CHECKNUM", ""), said.get("REFNUM", "")),
        method=_METHODS.get(type) or ("card" if card else "other"),
        purpose=said.get("MEMO", ""),
        counterparty=said.get("EXTDNAME") or said.get("NAME") or said.get("PAYEE.NAME", ""),
        counterparty_account=account_number(other),
    )


def _day(moment: str) -> str:
    """YYYYMMDD and whatever clock and zone behind it; as it stands if it isn't."""
    digits = moment[:8]
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 and digits.isdecimal() else moment


def _amount(value: str) -> str:
    """OFX allows a comma before the cents, and a plus sign."""
    return value.replace(",", ".").removeprefix("+") if "." not in value else value.removeprefix("+")
