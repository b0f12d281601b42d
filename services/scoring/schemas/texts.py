"""What a text that people write may hold."""

# No control character but tabs and the ends of lines: PostgreSQL keeps no NUL, and a log no bell.
PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$"
