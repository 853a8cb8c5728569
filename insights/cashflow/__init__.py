"""The 30-day balance forecast: what will be on each current account, and how low it may go.

Pure functions over arrays. Accounts are rows, days are columns, nothing here reads a database or a clock, so the
same code serves one customer, a night's partition, or a column store outside.

    days       whole days as numbers and back, and the months between them
    streams    what repeats: salaries, rents, instalments found in the history
    panel      what is known of many accounts at the end of one day
    project    what comes if everything goes on as usual
    features   how an account has behaved so far, free of its size
    model      how far off such projections were for accounts like this one (quantile regression)
    shape      one day-by-day band that agrees with the quantiles of its minimum
    forecast   the whole way from a panel to forecasts
    chart      a forecast as people see it
"""

from .chart import CashflowChart

__all__ = ["CashflowChart"]
