"""Stories through the real front door: the whole platform, as `anxin up` starts it."""
