"""What stands under a run: the demo app, the embedded media server, machines."""
