"""The tables of the law, line by line, and what may never happen however people act."""
