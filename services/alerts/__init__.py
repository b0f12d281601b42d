"""The life of an alert and of an order to pay: who has to do what by when, and what a person found."""
