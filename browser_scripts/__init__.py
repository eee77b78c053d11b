"""What runs in the page, and the drivers' steps. It reports; Python computes."""
