"""Floor 1: every action by any actor is authorised here before it executes."""
