"""What people read about Anxin, and the generator of the pages that must never drift from the code."""
