"""Engines: one small interface to whatever answers SPARQL (``base``), and its implementations."""
