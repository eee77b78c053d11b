"""The demo app's sessions in a Janus: calls by VideoCall, rooms and broadcasts by VideoRoom.

Each session of the app is a session of Janus, each connection of a page a handle in it.
"""
