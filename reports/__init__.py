"""A recording turned into figures, tables and a page."""
