"""Everything of a customer that erasing reaches: what stands in these columns can be taken out, leaving what is said here behind."""

from django.db import migrations

from sentinel.redaction import Erasable

NOTHING, NO_OBJECT, ERASED, BY_ITS_ID = "''", "'{}'", "'Erased'", "'erased-' || id"
ERASABLE = {
    "party": {
        "name": "'Erased customer'",
        "search_name": NOTHING,
        "birth_date": "NULL",
        "deceased_date": "NULL",
        # Unique, and no longer than a number is.
        "number": "'erased ' || right(id::text, 12)",
    },
    "partyidentifier": {"value": BY_ITS_ID},
    "partylink": {"levels": NO_OBJECT, "fingerprint": NOTHING},
    "linkverdict": {"reason": NOTHING, "fingerprint": NOTHING},
    "partyact": {"reason": NOTHING},
    "correction": {"stated": NOTHING, "said": NOTHING, "evidence": NOTHING},
    "rightsrequest": {"answer": NOTHING},
    "legalhold": {"reason": NOTHING},
    "arrangement": {"number": "'erased'", "source_key": BY_ITS_ID},
    "arrangementrole": {"source_key": BY_ITS_ID},
    "paymentschedule": {"counterparty": NOTHING, "purpose": NOTHING},
    "transaction": {"source_key": BY_ITS_ID},
    "signal": {"campaign": NOTHING, "details": NO_OBJECT},
    "eventpost": {"attributes": NO_OBJECT, "answer": """'{"events": [], "next": ""}'""", "body": "given"},
    "eventarrival": {"cells": NO_OBJECT},
    "webhookattempt": {"answer": NOTHING, "problem": NOTHING},
    "sourcefile": {"name": "'erased'", "problem": NOTHING},
    "sourcelook": {"reason": NOTHING},
    "reveal": {"reason": NOTHING},
    "emergencyaccess": {"number": NOTHING, "reason": NOTHING},
    # What was not justified is explained (a constraint).
    "emergencyreview": {"note": ERASED},
    "partyuserpermission": {"reason": NOTHING},
    "protection": {"reason": NOTHING},
    "historicalprotection": {"reason": NOTHING, "history_change_reason": NOTHING},
}


class Migration(migrations.Migration):
    dependencies = [("customers", "0015_relationships_and_deaths"), ("sentinel", "0008_erasing_the_past")]

    operations = [Erasable(f"customers_{table}", column, blank) for table, columns in ERASABLE.items() for column, blank in columns.items()]
