"""Money in and out of a block's accounts, one module per part of life. Each takes the block's book and adds to it."""
