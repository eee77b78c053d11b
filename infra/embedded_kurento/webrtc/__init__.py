"""WebRtcEndpoint: one browser's peer connection.

endpoint.py      the Kurento type: operations, properties, events
negotiation.py   offer and answer -> what was agreed (pure)
sdp.py           descriptions read and written (pure)
candidates.py    candidates as Kurento words them (pure)
transport.py     ICE, DTLS and SRTP; the one module that touches aiortc's underscored names
connection.py    what arrives from, and goes to, one browser: RTP and RTCP of all its streams
incoming.py      one stream from the browser: order, loss, NACK, jitter (pure)
outgoing.py      one stream to the browser: rewriting, history, what its reports say
bitrate.py       how much a receiver can take; what to tell a sender (pure)
key_frames.py    does a packet begin a key frame (pure)
stats.py         counters -> Kurento's stats types (pure)
"""
