"""Which load to try next, when it is enough, and what the capacity then is. Pure."""
