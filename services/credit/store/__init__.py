"""Every SQL statement of the service, as functions of (session, ...): cases, the list and its feed, deliveries."""
