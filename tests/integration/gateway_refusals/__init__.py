"""The table of refusals: a real Envoy with the configuration that ships, before a service that keeps count."""
