"""Other people's suites and clients against our contracts."""
