"""Events of channels over HTTP: read in whatever form they come, kept as they came, and made part of the state right behind."""
