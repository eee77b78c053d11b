"""The capacity search: which load to try next, when to stop, and the estimate. Pure."""
