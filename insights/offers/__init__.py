"""What could be offered for one kind of trouble: one file a kind. Pure: facts in, candidates out."""
