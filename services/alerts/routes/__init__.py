"""HTTP in, HTTP out: /v1/alerts and /v1/orders."""
