"""Answers about feeds and the exchange: the public contract, and how it is made of what is known."""
