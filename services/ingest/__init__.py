"""Takes what agencies send: proves who sent it, checks it, keeps it, announces it."""
