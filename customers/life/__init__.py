"""What customers say of themselves and of what they want: life events, needs, goals, preferences."""
