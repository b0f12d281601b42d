"""The words of the `anxin` command, by room: run, agencies, records, inspect, operate."""
