"""What each source system knows of a block, as rows in the order of its extract's header."""
