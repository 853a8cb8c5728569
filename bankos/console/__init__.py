"""Floor 5: the shell staff see. Puts pages together from the panels of the floors below."""
