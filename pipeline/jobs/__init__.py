"""Work that outlives the process that asked for it: one table of jobs for the command line, the page and the API."""
