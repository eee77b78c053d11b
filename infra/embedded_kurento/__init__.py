"""A small media server that speaks Kurento's protocol, for trying the farm out and for tests.

It is not Kurento, and `ServerManager.getMetadata` says so. It answers JSON-RPC 2.0 over WebSocket
at `/kurento` with the names, types, errors and events that a Kurento Media Server 7.3.0 was
recorded to send; `python -m benchmarks.npm_client` has the official npm client use it. It forwards
and records media without decoding it, and decodes only to mix rooms and to play files.

    __main__.py          argv; the ready line; the parent that restarts its worker on HUP
    server.py            WebSockets, and the answer to each request
    sessions.py          what a client keeps beyond its socket;  methods.py: what each method does
    protocol.py          JSON-RPC text in, requests out; answers; the cache of answers (pure)
    invocation.py        an operation's name and parameters -> a call on an object (pure)
    definitions/         Kurento's own definitions of types, methods, events (its data, Apache-2.0)
    errors.py            refusals, with Kurento's codes
    objects.py           the tree of media objects: ids, names, tags, events, sessions' references
    pipeline.py          MediaPipeline;  server_manager.py: manager_ServerManager
    media.py             the media interface: MediaSource, MediaSink, RtpPacket
    elements.py          MediaElement: connect, disconnect, flow and transcoding events
    webrtc/              WebRtcEndpoint: SDP, ICE, DTLS, SRTP, RTCP
    composite/           Composite and HubPort: rooms that are mixed
    files/               RecorderEndpoint and PlayerEndpoint
    codecs.py            VP8 and Opus decoders and encoders;  vp8.py: VP8 in RTP (pure)
    rtp_writer.py        frames made here, sent as an RTP stream;  worker.py: threads

**The object model.** A type of Kurento is a Python class with its name in `type_name`, listed in
`factories.py`. A method marked `@operation` is called when a client invokes its kmd name
(`addIceCandidate` -> `add_ice_candidate`), with its parameters checked against the definitions
and objects in place of their ids; it may be async. `get<Name>` / `set<Name>` read and write
`self.values`, or call the method marked `@reads("name")`. `self.emit("EventType", member=value)`
sends an event to its subscribers. `close()` releases everything.

**The media interface** (`media.py`). An element calls `self.give(MediaSource(kind, ask_key_frame))`
for each kind of media it provides and `self.take(sink)` for each it accepts; `connect` attaches
sinks to sources. A source's owner calls `source.push(packet)`, in order; each sink gets the packet,
returns whether it could use it, and tells the source the highest rate it can take (`limit_bps`;
None: any) and when it needs a key frame. Nothing in it blocks.

**Where it differs from Kurento**

* Media between WebRtcEndpoints is never transcoded: a receiver that has not negotiated the
  sender's codec gets none of it, and an Error event says so.
* Of the candidates that Kurento announces, only UDP of component 1 is served. All twelve events of
  an interface are sent, as recorded; the ports of the others belong to a socket that does not
  listen, so that no other program can answer there.
* Media descriptions other than `default`, data channels, GStreamer's dot files are refused with an
  error; STUN and TURN servers can be set and are not used. Transactions are not offered.
* A WebSocket message that is not a request is answered with an error; Kurento aborts.
* REMB is sent as the minimum of what the receivers can take from the first report on; a real
  Kurento takes 15 to 30 s to get there. Changing maxVideoSendBandwidth in mid-call acts at once.
* A Composite mixes VP8 and Opus, a RecorderEndpoint records them (WEBM and MKV profiles, to files);
  other codecs and profiles are refused, or reported by an Error event. The mix is encoded for
  each member of a room by itself, at the lowest rate its receivers can take.
* Files are written only below the folders of `--recordings`, and read from there and from those of
  `--clips`; anywhere else, and without these options, `record` and `play` are refused.
* A PlayerEndpoint decodes and encodes all that it plays; its position can be read but not set.
* A session whose socket is gone is freed after `--session-grace` seconds.
"""
