"""Request and response bodies: the public contract. Money is CNY as text; dates are Chinese calendar dates."""
