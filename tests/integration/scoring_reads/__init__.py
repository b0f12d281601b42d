"""What people may read of a risk, and what is written down of their looks."""
