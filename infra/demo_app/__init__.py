"""The demo application: three pages, and their signalling server in front of a Kurento server.

page  <- /ws JSON ->  server.App  ->  calls | rooms | broadcasts   who may do what (pure)
                          |                    |
                          |                 acts: Tell, Seat, Unseat, End
                          v                    |
                      topology.Stage  <--------+                   one pipeline a session
                          |
                      farm.kurento

`loop_lag` measures how late the process itself is: a farm that runs it then blames the demo app and
not the media server.
"""
