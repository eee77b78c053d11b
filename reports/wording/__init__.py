"""What numbers, streams and files are called in a report. Pure."""
