"""The issuer's rules, by subject. Pure: values in, values or a refusal out."""
