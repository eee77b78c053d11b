// Reports what a page does with its senders: one message `sender` for each RTCRtpSender of the
// frame's connections once its m-line has a mid, and whenever something in it changes. What a page
// calls is noticed at once; `look` compares once a poll, for what no call of this page changes.
//
// A message `receiver` reports that a page no longer wants to receive on an m-line, or does again;
// that it wants to at first is not reported.
//
// An m-line that the other side rejects changes nothing in the reports: the page stopped nothing.
// A sender that never had a track and is not negotiated to send (a receiver's other half) is left out.
//
// `connections` is hook_peer_connections.js's. Returns look(entry), which never throws.
(send, wrap, connections) => {
  const told = new WeakMap(); // connection -> Map of RTCRtpSender -> what was reported of it last
  const failed = new WeakSet(); // tracks that ended without the page's stop()
  const watched = new WeakSet();
  const stopped = new WeakSet(); // senders whose transceiver the page stopped

  const received = new WeakMap(); // RTCRtpReceiver -> {mid, wanted}, since the page first wanted it

  const watchTrack = (track) => {
    if (watched.has(track)) return;
    watched.add(track);
    track.addEventListener("ended", () => { // not fired by the page's own stop()
      failed.add(track);
      lookAtAll();
    });
  };

  // By the track itself: it may come from another frame, from a clone, or under a prefixed name.
  const sourceOf = (track) => {
    if (String(track).includes("CanvasCapture")) return "canvas";
    const { groupId, displaySurface } = track.getSettings();
    if (displaySurface) return "screen";
    if (groupId) return track.kind === "video" ? "camera" : "microphone";
    return "other";
  };

  // The highest frame rate that the page allows an active encoding; null: no limit.
  const mostFrames = (encodings) => {
    const rates = encodings
      .filter(({ active }) => active)
      .map(({ maxFramerate }) => maxFramerate ?? Infinity);
    const most = Math.max(...rates);
    return Number.isFinite(most) ? most : null;
  };

  // What the page set of each encoding of a video (RTCRtpEncodingParameters). What browsers fill in
  // themselves, such as a scale of 1 once it is negotiated, is no change.
  const settingsOf = ({ rid, active, scaleResolutionDownBy, maxBitrate, maxFramerate, scalabilityMode }) => ({
    rid: rid ?? null,
    active,
    scale_resolution_down_by: scaleResolutionDownBy ?? 1,
    max_bitrate: maxBitrate ?? null,
    max_frame_rate: maxFramerate ?? null,
    scalability_mode: scalabilityMode ?? null,
  });

  const facts = ({ sender, receiver, mid, direction }, before) => {
    const { track } = sender;
    if (track) watchTrack(track);
    const same = track && track.id === before?.track;
    const settings = track?.getSettings() ?? {};
    const encodings = track ? sender.getParameters().encodings : [];
    const none = !track || direction === "stopped";
    return {
      mid: mid ?? before?.mid ?? null, // a transceiver that was stopped has lost its own
      kind: receiver.track.kind,
      track: track?.id ?? null,
      source: same || !track ? (before?.source ?? "other") : sourceOf(track),
      state: none ? "none" : track.readyState,
      failed: Boolean(track && failed.has(track)),
      enabled: track?.enabled ?? false,
      frame_rate: settings.frameRate ?? null,
      active: !encodings.length || encodings.some(({ active }) => active), // not all are paused
      max_frame_rate: mostFrames(encodings),
      encodings: encodings.length && receiver.track.kind === "video"
        ? encodings.map(settingsOf) : (before?.encodings ?? []),
      width: settings.width ?? null,
      height: settings.height ?? null,
      direction, // as the page has it, whatever the other side agreed to
    };
  };

  const say = (message, entry, data) => {
    const page_time_ms = performance.timeOrigin + performance.now();
    send(JSON.stringify({ message, connection: entry.id, ...data, page_time_ms }));
  };

  const tell = (entry, senders, sender, now) => {
    if (JSON.stringify(now) === JSON.stringify(senders.get(sender))) return;
    senders.set(sender, now);
    say("sender", entry, now);
  };

  const tellReceiver = (entry, { receiver, mid, direction }) => {
    const before = received.get(receiver);
    const wanted = direction.includes("recv");
    if (before ? wanted === before.wanted : !wanted || mid === null) return;
    const now = { mid: before?.mid ?? mid, wanted };
    received.set(receiver, now);
    if (before) say("receiver", entry, { ...now, kind: receiver.track.kind, direction });
  };

  const compare = (entry) => {
    const { connection } = entry;
    if (!told.has(connection)) told.set(connection, new Map());
    const senders = told.get(connection);
    const gone = new Set(senders.keys());
    const isClosed = connection.signalingState === "closed";
    for (const transceiver of connection.getTransceivers()) {
      const { sender, mid, direction, currentDirection } = transceiver;
      gone.delete(sender);
      // A rejection by the other side is not an act of the page: all stays as the page had it.
      if (direction === "stopped" && !isClosed && !stopped.has(sender)) continue;
      if (!isClosed) tellReceiver(entry, transceiver);
      const before = senders.get(sender);
      const sends = sender.track || (currentDirection ?? direction).includes("send");
      if (before || (sends && mid !== null)) tell(entry, senders, sender, facts(transceiver, before));
    }
    for (const sender of gone) senders.delete(sender);
  };

  const look = (entry) => {
    try {
      compare(entry);
    } catch {
      // A page may have replaced the browser's objects by anything.
    }
  };
  const lookAtAll = () => connections.forEach(look);

  const after = (lookAgain) => ({
    apply(target, self, args) {
      const made = Reflect.apply(target, self, args);
      lookAgain(self);
      // After a promise, look before the page's own continuation, which still handles a failure.
      return made instanceof Promise ? made.then((value) => { lookAgain(self); return value; }) : made;
    },
  });
  const connectionOf = (self) => connections.filter(({ connection }) => connection === self).forEach(look);
  for (const name of [
    "addTrack", "addTransceiver", "addStream", "removeTrack", "removeStream", "setLocalDescription",
    "setRemoteDescription", "close",
  ]) {
    wrap(window.RTCPeerConnection?.prototype, name, after(connectionOf));
  }
  for (const name of ["replaceTrack", "setParameters"]) {
    wrap(window.RTCRtpSender?.prototype, name, after(lookAtAll));
  }
  wrap(window.RTCRtpTransceiver?.prototype, "direction", after(lookAtAll), "set");
  const lookAtStopped = (transceiver) => {
    stopped.add(transceiver.sender);
    lookAtAll();
  };
  wrap(window.RTCRtpTransceiver?.prototype, "stop", after(lookAtStopped));
  for (const name of ["stop", "applyConstraints"]) {
    wrap(window.MediaStreamTrack?.prototype, name, after(lookAtAll));
  }
  wrap(window.MediaStreamTrack?.prototype, "enabled", after(lookAtAll), "set");

  return look;
}
