"""The demo application: three pages and their signalling server in front of a Kurento.

page  <- /ws JSON ->  server.App  ->  calls | rooms | broadcasts   who may do what (pure)
                          |                    |
                          |                 acts: Tell, Seat, Unseat, End
                          v                    |
                      topology.Stage  <--------+                   one pipeline a session
                          |
                      farm.kurento

`loop_lag` measures how late the process itself is: farms that run it blame it, not the server.
"""
