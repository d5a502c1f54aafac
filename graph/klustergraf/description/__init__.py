"""Descriptions of a version for others' programs: statistics and VoID, and the DCAT catalogue."""
