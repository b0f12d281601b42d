"""Kill, stop, cut: what was acknowledged is still there, once."""
