"""Opens servers, hosts and browsers of an experiment and runs trials; prints nothing."""
