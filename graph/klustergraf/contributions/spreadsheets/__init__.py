"""Tables that partners fill in: actors, testbeds, projects and collaborations, as CSV or XLSX."""
