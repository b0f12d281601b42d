"""One async function per verb: read, decide, save, announce."""
