"""What comes through the front door, and in what state: names, traces, keys and certificates over time."""
