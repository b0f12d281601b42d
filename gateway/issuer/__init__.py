"""Says who somebody is: gives agencies tokens bound to their certificate, and people a login."""
