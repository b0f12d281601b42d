"""The story that a new platform tells: a tax bureau's file at one end, the public credit system at the other."""
