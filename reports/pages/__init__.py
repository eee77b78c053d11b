"""Writes the pages of a report, and shows a run as it goes."""
