"""The command `farm`: one file a verb, the only readers of argv and environment."""
