"""Floor 0: clock, ids, events, keys, embedded services, health. Imports nothing of ours."""
