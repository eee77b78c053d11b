"""Files that users hand in, and locks between processes."""
