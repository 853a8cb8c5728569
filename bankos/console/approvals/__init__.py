"""Four eyes: what waits for a second person, whatever it is about, in one inbox and on one kind of page."""
