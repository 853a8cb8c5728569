"""Floor 3: the work that follows: actions, the effect ledger, cases and queues."""
