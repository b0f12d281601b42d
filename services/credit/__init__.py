"""Answers for the joint-discipline list: from an overdue order to a listing that a person signed, and its push."""
