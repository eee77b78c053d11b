// Records what a page does with WebRTC and WebSockets, in every frame, from before the page's first
// script on. The page can see no difference: constructors and methods are wrapped in proxies, so
// instanceof, subclasses, static members, name and length stay as they are.
//
// Reports first media, states and closes through `send`, and returns the frame's connections for
// poll_stats.js: an array of {id, connection, offered_ms, first_media, last, closed} where `last`
// is a promise of the RTCStatsReport taken as the connection was closed. `wrap` is wrap.js's;
// `onChannel(entry, channel)` is called for each data channel, before the page has it.
(config, send, wrap, onChannel) => {
  const connections = [];
  const known = new WeakMap();
  let count = 0;
  const now = () => performance.timeOrigin + performance.now();
  const say = (message, data) => send(JSON.stringify({ message, page_time_ms: now(), ...data }));

  const seen = (report) => {
    for (const stat of report.values()) {
      if (stat.type !== "inbound-rtp") continue;
      if ((stat.kind === "video" ? stat.framesDecoded : stat.packetsReceived) > 0) return true;
    }
    return false;
  };

  // Checked often only while media is due; after `first_media_within_ms` once a poll is enough.
  const watchFirstMedia = async (entry, receiver) => {
    const { track } = receiver;
    const started = now();
    while (!entry.closed && track.readyState === "live") {
      try {
        if (seen(await receiver.getStats())) {
          const first = { track: track.id, kind: track.kind, page_time_ms: now() };
          entry.first_media.push(first);
          say("first_media", { connection: entry.id, offered_ms: entry.offered_ms, ...first });
          return;
        }
      } catch {
        return; // the connection is gone
      }
      const patient = now() - started > config.first_media_within_ms;
      const pause = patient ? config.period_ms : config.first_media_ms;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };

  const remember = (connection) => {
    if (known.has(connection)) return known.get(connection);
    const entry = {
      id: `${config.frame}-${count++}`,
      connection,
      offered_ms: null,
      first_media: [],
      last: null,
      closed: false,
    };
    known.set(connection, entry);
    connections.push(entry);
    const watched = new WeakSet();
    connection.addEventListener("track", ({ receiver }) => {
      if (watched.has(receiver)) return;
      watched.add(receiver);
      watchFirstMedia(entry, receiver);
    });
    connection.addEventListener("datachannel", ({ channel }) => onChannel(entry, channel));
    connection.addEventListener("connectionstatechange", () =>
      say("connection", { connection: entry.id, state: connection.connectionState }));
    connection.addEventListener("icecandidateerror", ({ url, errorCode, errorText }) =>
      say("candidate_error", { connection: entry.id, url, code: errorCode, text: errorText }));
    return entry;
  };

  const wrapConstructor = (name, onMade) => {
    const wrapped = wrap(window, name, {
      construct(target, args, newTarget) {
        const made = Reflect.construct(target, args, newTarget);
        onMade(made);
        return made;
      },
    });
    if (wrapped) wrapped.prototype.constructor = wrapped; // pages compare it with the global
    return wrapped;
  };

  const Connection = wrapConstructor("RTCPeerConnection", remember);
  if (Connection) {
    if (window.webkitRTCPeerConnection) window.webkitRTCPeerConnection = Connection;

    // A page may send its offer before it makes it its local description (RFC 9725, section 4.6).
    for (const offering of ["createOffer", "setLocalDescription"]) {
      wrap(Connection.prototype, offering, {
        apply(target, connection, args) {
          if (connection instanceof Connection) remember(connection).offered_ms ??= now();
          return Reflect.apply(target, connection, args);
        },
      });
    }

    wrap(Connection.prototype, "createDataChannel", {
      apply(target, connection, args) {
        const channel = Reflect.apply(target, connection, args);
        onChannel(remember(connection), channel);
        return channel;
      },
    });

    wrap(Connection.prototype, "close", {
      apply(target, connection, args) {
        const entry = known.get(connection);
        if (entry && !entry.closed) {
          entry.closed = true;
          // Requested before the close, so that it holds the counters up to it.
          entry.last = connection.getStats().catch(() => null);
          say("connection", { connection: entry.id, state: "closed", by_page: true });
        }
        return Reflect.apply(target, connection, args);
      },
    });
  }

  wrapConstructor("WebSocket", (socket) => {
    socket.addEventListener("close", ({ code, reason, wasClean }) =>
      say("socket_closed", { url: socket.url, code, reason, was_clean: wasClean }));
  });

  return connections;
}
