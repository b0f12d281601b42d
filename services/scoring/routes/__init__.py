"""HTTP in, HTTP out: risks, rules and wages."""
