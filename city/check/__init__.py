"""Whether a city is as hard as life: what each single source foretells, and what the truth itself would."""
