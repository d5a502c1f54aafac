"""The service that publishes the graph: SPARQL, linked data and pages over HTTP."""
