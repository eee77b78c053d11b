"""Runs trials: one trial, several of a search, a watch of days. It sees only protocols."""
