"""What the issuer answers and is asked."""
