"""Floor 2: the Customer State Graph, one operational truth above the systems of record."""
