"""Answers to queries that count and search, worked out over columns of integers."""
