"""The demo application: three pages, and their signalling server in front of a Kurento or a Janus.

page  <- /ws JSON ->  server.App  ->  calls | rooms | broadcasts   who may do what (pure)
                          |                    |
                          |                 acts: Tell, Seat, Unseat, End
                          v                    |
                       stages.Stage  <---------+                   one a session
                      |            |
                   kurento       janus                             how it is wired there
                      |            |
                farm.kurento   farm.janus

`loop_lag` measures how late the process itself is: a farm that runs it then blames the demo app and
not the media server.
"""
