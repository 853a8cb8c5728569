"""Why a decision came out as it did, and what would have changed it: for staff, and for the customer.

Reads a policy text and a request, both as they were; evaluates again what it says. No database, no clock.
"""

from .explaining.checked import RuleChecked, Status, rules_checked, summary
from .explaining.counterfactuals import Counterfactual, smallest_changes
from .explaining.data import DataUsed, data_used
from .explaining.letter import Bank, CustomerExplanation, customer_letter, principal_reasons
from .explaining.mutable import FACTS, Audience, Fact

__all__ = [
    "FACTS",
    "Audience",
    "Bank",
    "Counterfactual",
    "CustomerExplanation",
    "DataUsed",
    "Fact",
    "RuleChecked",
    "Status",
    "customer_letter",
    "data_used",
    "principal_reasons",
    "rules_checked",
    "smallest_changes",
    "summary",
]
