"""Feeds watched: when each is expected, what its records look like, and whether that is as it was. Pure.

A feed is what one agency sends of one dataset. `sketches` are small sums of batches that can be added up, `drift`
compares two of them, `rhythm` says when the next is due, `judging` finds what is wrong, `wording` says it.
"""
