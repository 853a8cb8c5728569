"""The people of the bank: how they join, move and leave, and what roles they hold. Every change is an act with a decision."""
