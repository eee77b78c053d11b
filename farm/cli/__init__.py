"""The command `farm`: one file for each verb, the only readers of argv and environment."""
