"""Debian's Janus as a program that the farm starts: on loopback, with its own configuration.

`configuration` writes its files, `media_network` finds the interface that carries its media
(Janus offers no address of loopback), `__main__` keeps one running and restarts it on SIGHUP.
"""
