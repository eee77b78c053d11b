"""What a run came to: summaries, the answer in two lines, costs, trials judged again. Pure."""
