"""Scripts that run in the page, and the drivers' steps. Scripts report; Python computes."""
