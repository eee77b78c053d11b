"""Plans a trial: who joins when, on which host, over which access link. Pure."""
