"""The demo app's sessions in a Kurento: pipelines, endpoints, recorders."""
