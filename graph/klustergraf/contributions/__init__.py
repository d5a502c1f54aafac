"""What partners contribute: the gate that keeps it true, and the record that keeps it."""
