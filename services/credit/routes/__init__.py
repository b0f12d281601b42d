"""HTTP in, HTTP out: cases for officers, the list and its feed for the world, subscribers for operators."""
