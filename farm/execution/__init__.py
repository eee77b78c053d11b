"""Runs trials: one, those of a search, a watch of days. It depends on protocols only."""
