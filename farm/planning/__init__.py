"""From an experiment and a load to a plan: who joins when, where, over which link. Pure."""
