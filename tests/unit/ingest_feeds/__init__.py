"""The rules by which feeds are watched, with plain values."""
