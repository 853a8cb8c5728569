"""What the leak test is made of: a customer with traces everywhere, and every address of the project."""
