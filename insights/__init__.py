"""Floor 4: reads the state and proposes. It never executes."""
