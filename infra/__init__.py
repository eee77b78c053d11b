"""What a run stands on: the demo app, the embedded media server, and machines on AWS."""
