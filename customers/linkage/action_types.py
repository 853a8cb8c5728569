"""What may be asked to be done with who a customer is."""
