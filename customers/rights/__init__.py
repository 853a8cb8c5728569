"""What customers may ask for and may rely on: receipts for what they agreed to, access, correction, erasure."""
