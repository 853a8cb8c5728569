"""What the actions of who sees whom are done to, beside customers."""

ACCESS_LIST, MASKING = "AccessList", "Masking"
