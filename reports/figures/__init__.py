"""Figures: what each is drawn from, and how."""
