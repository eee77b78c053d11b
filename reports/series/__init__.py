"""Arrays from which figures and tables are made. Pure."""
