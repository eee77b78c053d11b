"""Results of runs: summaries, two lines for the terminal, costs, rejudged trials. Pure."""
