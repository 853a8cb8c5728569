"""Decisions as people look at them: found, explained, proven, exported, told to the customer, forgotten."""
