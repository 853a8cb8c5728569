"""Write a demo bank: extracts of every source system and the truth beside them, block by block in bounded memory."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .block import Block, live
from .extracts import ExtractFolder
from .plan import Plan
from .systems import cards, core, crm, details, digital, lending, payments
from .truth import people_of

Progress = Callable[[int], None]


@dataclass
class Written:
    """`rows` per extract file, `shares` of all customers by story."""

    folder: Path
    rows: dict[str, int]
    stories: Counter[str] = field(default_factory=Counter)


def write_bank(plan: Plan, folder: Path, *, progress: Progress = lambda done: None) -> Written:
    """Write everything below `folder`; `progress` is told how many customers are done."""
    stories: Counter[str] = Counter()
    folder.mkdir(parents=True, exist_ok=True)
    with ExtractFolder(folder) as extracts, (folder / "truth.jsonl").open("w", encoding="utf-8", newline="") as truth:
        extracts.write("core/branches.csv", core.branches())
        for indexes in plan.blocks():
            block = live(plan, indexes)
            _write_block(extracts, block)
            for person in people_of(block):
                truth.write(json.dumps(person, ensure_ascii=False, separators=(",", ":")) + "\n")
                stories.update(_stories_of(person))
            progress(indexes.stop)
    written = Written(folder, extracts.rows, stories)
    facts = {
        "customers": plan.customers,
        "seed": plan.seed,
        "months": plan.months,
        "as_of": plan.as_of.isoformat(),
        "first_day": plan.first_day.isoformat(),
        "horizon_days": plan.days - plan.today,
        "rows": written.rows,
        "stories": dict(sorted(stories.items())),
    }
    (folder / "truth.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return written


def _write_block(extracts: ExtractFolder, block: Block) -> None:
    extracts.write("core/customers.csv", core.customers(block))
    extracts.write("core/accounts.csv", core.accounts(block))
    extracts.write("core/account_holders.csv", core.holders(block))
    extracts.write_lines("core/transactions.csv", core.transaction_lines(block))
    extracts.write("crm/clients.csv", crm.client_rows(block))
    extracts.write("crm/details.csv", details.detail_rows(block))
    extracts.write("crm/relationships.csv", crm.relationship_rows(block))
    extracts.write("crm/consents.csv", crm.consent_rows(block))
    extracts.write("crm/contacts.csv", crm.contact_rows(block))
    extracts.write("lending/loans.csv", lending.loan_rows(block))
    extracts.write("cards/cards.csv", cards.card_rows(block))
    extracts.write("payments/standing_orders.csv", payments.order_rows(block))
    extracts.write("digital/signals.csv", digital.signal_rows(block))


def _stories_of(person: dict[str, Any]) -> list[str]:
    """The stories a person belongs to, for counting."""
    overdrafts = person["overdrafts_to_come"]
    consent = person["consents"].get("payment_insight")
    found = {
        "overdraft_to_come": bool(overdrafts),
        "overdraft_savings_cover": any(item["savings_cover"] for item in overdrafts),
        "overdraft_later_date_helps": any(item["later_date_helps"] for item in overdrafts),
        "overdraft_without_consent": bool(overdrafts) and not consent,
        "overdraft_in_arrears": bool(overdrafts) and person["days_past_due"] > 0,
        "in_arrears": person["days_past_due"] > 0,
        "below_zero_before": person["was_below_zero_before"],
        "minor": person["guardian"] is not None,
        "organisation": person["kind"] == "organisation",
        "consent_given": consent is True,
        "consent_no": consent is False,
        "consent_never_asked": consent is None,
        "not_linked_by_number": not person["linked_by_number"],
        "second_client_record": len(person["records"]["crm"]) > 1,
    } | {event["kind"]: True for event in person["life_events"]}
    return [story for story, is_so in found.items() if is_so]
