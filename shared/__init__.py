"""What two services need: events, bus, outbox, database, errors, http, identity, telemetry, settings, audit."""
