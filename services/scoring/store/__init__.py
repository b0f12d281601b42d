"""Every SQL statement of scoring. Nothing is updated in place but `subject`; all else is only ever added."""
