"""From a shapes graph to SPARQL over the embedded store: violations set-wise, not node by node."""
