"""Parquet and Arrow files as texts, in a process that needs little to start (`reader`). Pure but for that process."""
