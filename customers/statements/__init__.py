"""What customers state of themselves in front of staff: kept as facts of a source of its own, which never overwrites another's."""
