"""The acts for customers that a system of record carries out, one file each."""
