"""The demo bank: writes the extracts of five source systems, then lets them in through ingestion."""
