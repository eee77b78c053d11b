"""What opens a world and runs in it: no argv, nothing printed, no signal handled."""
