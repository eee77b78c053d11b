"""WebRtcEndpoint: one browser's peer connection.

endpoint.py      the Kurento type: operations, properties, events
negotiation.py   offer and answer: what was agreed (pure)
sdp.py           descriptions read and written (pure)
candidates.py    ICE candidates as Kurento writes them (pure)
transport.py     ICE, DTLS and SRTP; the only module that uses aiortc's private names
connection.py    RTP and RTCP of all streams from and to one browser
incoming.py      one stream from the browser: order, loss, NACK, jitter (pure)
outgoing.py      one stream to the browser: rewriting, history, receiver reports
bitrate.py       the rate that a receiver can take, and the REMB of a sender (pure)
key_frames.py    whether a packet begins a key frame (pure)
stats.py         counters as Kurento's stats types (pure)
"""
