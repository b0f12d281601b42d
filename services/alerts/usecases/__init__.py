"""One verb at a time: read, decide, save, announce."""
