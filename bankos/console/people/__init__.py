"""The pages of the bank's people: for those in charge of them, and for everybody about themselves."""
