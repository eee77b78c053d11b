"""Arrays that figures and tables are made of. Pure."""
