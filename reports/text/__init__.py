"""What a report says in sentences and in tables. Pure."""
