"""The law of the list (人社部令第45号) as pure values: numbers, grounds, state machine, documents, signature."""
