"""Sign-in and rights of everything that is served over HTTP."""
