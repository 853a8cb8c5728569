# ruff: noqa: T201
"""The forecast on real accounts (Berka, PKDD'99), against projections anybody could make.

    python tests/benchmarks/cashflow_on_berka.py [folder of the data]

Fits on half of the accounts, widens on a fifth, measures on the rest. Origins are month ends with at least 120
days of history before and 30 observed days after. Prints errors relative to "the balance stays as it is".
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from insights.cashflow import days, model
from insights.cashflow.panel import Panel, Schedules
from insights.cashflow.streams import Movements

HISTORY = 600


def panel_of(folder: Path, source: str) -> tuple[Panel, np.ndarray]:
    """The accounts of one source as a panel, and the last day each of them is observed."""
    moves = pd.read_csv(folder / "trans.csv.gz", parse_dates=["date"], dtype={"account": str})
    window = pd.read_csv(folder / "observation_window.csv.gz", parse_dates=["first_tx", "observed_to"])
    moves, window = moves[moves.source == source], window[window.source == source].reset_index(drop=True)
    day = moves.date.to_numpy().astype("datetime64[D]").astype(np.int64)
    first = window.first_tx.to_numpy().astype("datetime64[D]").astype(np.int64)
    until = window.observed_to.to_numpy().astype("datetime64[D]").astype(np.int64)
    account = pd.Series(range(len(window)), index=window.account_id)[moves.account_id].to_numpy()
    origin = days.number(pd.Timestamp("1998-12-31").date())
    amount = np.where(moves.type == "credit", moves.amount, -moves.amount)
    if source == "A":
        origin = int(until.max())
        keep = day <= origin
        moves, account, amount, day = moves[keep], account[keep], amount[keep], day[keep]
    else:
        # Source B ends on another day for each account; moving it by whole months to a common last day keeps the day of the month.
        last = days.month_start(days.month_of(until + 1)) - 1
        months = days.month_of(np.array([origin])) - days.month_of(last)
        keep = day <= last[account]
        moves, account, amount, day = moves[keep], account[keep], amount[keep], day[keep]
        day, first = months_later(day, months[account]), months_later(first, months)
        until = np.full(len(until), origin)
    net = np.zeros((len(window), HISTORY))
    column = day - (origin - HISTORY + 1)
    inside = column >= 0
    np.add.at(net, (account[inside], column[inside]), amount[inside])
    balance = np.bincount(account, weights=amount, minlength=len(window))
    text = moves.operation.fillna("") + moves.k_symbol.fillna("") + moves.bank.fillna("") + moves.account.fillna("")
    kind = pd.factorize(text)[0].astype(np.int64)
    movements = Movements(account, day, amount, kind)
    return Panel(origin, balance, net, first, movements, Schedules.none()), until


def months_later(day: np.ndarray, months: np.ndarray) -> np.ndarray:
    return days.in_month(days.month_of(day) + months, days.day_of_month(day))


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "/work/shared/data/berka")
    parts = []
    for number, source in enumerate("AB"):
        panel, until = panel_of(folder, source)
        at = time.perf_counter()
        part = model.examples_of(panel, origins=14, min_history=120, known_until=until)
        print(f"{source}: {len(panel)} accounts, {len(part.account)} account-months, {time.perf_counter() - at:.1f} s")
        parts.append(replace(part, account=part.account + 10_000 * number))
    both = model.Examples.joined(parts)
    at = time.perf_counter()
    _, metrics = model.fit(both)
    print(f"fit and measure: {time.perf_counter() - at:.1f} s")
    for name, value in metrics.items():
        print(f"  {name:18} {value:.4f}")


if __name__ == "__main__":
    main()
