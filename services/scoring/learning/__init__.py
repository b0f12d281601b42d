"""What outcomes teach: labels, random samples, and how right the levels are. Pure: tables and numbers in and out.

`outcomes` says what stands and makes labels of it; `sampling` draws whom to inspect; `shares` gives shares with their
intervals; `policy` holds the numbers.
"""
