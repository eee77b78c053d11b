"""Figures from samples and trials: rates, windows, aggregates, trends, comparisons. Pure."""
