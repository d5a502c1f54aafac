"""Sources: one module for each, from the published file to statements in named graphs."""
