"""What may happen to an alert and to an order, as pure functions over plain values."""
