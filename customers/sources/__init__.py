"""What the bank's people see of the systems it reads, and what they do about them: registering, files, rejected rows, mappings, drift.

Reading files itself is `customers.ingestion`; here is what stands around it.
"""
