// Takes the codec's work away from a page, and nothing that a server sees. What is sent: the camera
// is captured at its own size and rate, a tiny picture of it is encoded, and each encoded frame's
// payload is replaced by a prepared frame of the clip, as large as the congestion control's target
// allows. What is received: each frame's payload is replaced by a tiny picture, padded to the length
// that it had; the true size is told. ICE, DTLS, SRTP, RTCP, pacing and jitter buffer stay Chromium's.
//
// Hooked in whatever the page does (addTrack, addTransceiver, a remote offer, old-style createOffer):
// after each such call all transceivers are looked at. A page's own transforms are left alone.
// What cannot be done lightly stays full, and `send` says why: {message: "fidelity", ...}.
//
// Returns a function that gives poll_stats.js what only we know: (stat) => members to be added.
(config, send) => {
  const Connection = window.RTCPeerConnection;
  if (!Connection || !window.RTCRtpScriptTransform) return () => null;

  const now = () => performance.timeOrigin + performance.now();
  const say = (facts) => send(JSON.stringify({ message: "fidelity", page_time_ms: now(), ...facts }));
  const senders = new Map(); // RTCRtpSender -> {id, port, own_scale}
  const sizes = new Map(); // track identifier of what is received -> {frameWidth, frameHeight}
  const targets = new Map(); // id of a sender -> what Chromium would let an encoder of its own send
  const done = new WeakSet();
  let count = 0;

  let worker = null;
  const started = () => {
    if (worker) return worker;
    const code = `(${workerMain})(${JSON.stringify({ clock_hz: 90000 })})`;
    worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    // Asked for on the page's own address, answered by the farm: it never leaves the browser.
    fetch(config.bank_path)
      .then((answer) => answer.arrayBuffer())
      .then((bank) => worker.postMessage({ bank }, [bank]))
      .catch((error) => {
        worker.postMessage({ bank: null });
        for (const { id } of senders.values()) unprepared({ id, foreign: `this page (${error.message})` });
      });
    worker.onmessage = ({ data }) => {
      if (data.target_bps !== undefined) targets.set(data.id, data.target_bps);
      if (data.size) sizes.set(data.track, data.size);
      if (data.foreign) unprepared(data);
    };
    return worker;
  };

  // ---------------------------------------------------------------- what is sent

  // The page's own factor (or 1) times ours; the page is told of its own only.
  const shrunk = (encoding, { width = 640, height = 480 } = {}) => ({
    ...encoding,
    // Else Chromium holds the rate to what suits the tiny picture; its own limits for the camera's.
    maxBitrate: encoding.maxBitrate ?? MOST_BPS.find(([pixels]) => width * height <= pixels)[1],
    scaleResolutionDownBy: (encoding.scaleResolutionDownBy ?? 1) * config.shrink,
  });
  const MOST_BPS = [[320 * 240, 600e3], [640 * 480, 1700e3], [960 * 540, 2000e3], [Infinity, 2500e3]];
  const nativeGet = RTCRtpSender.prototype.getParameters;
  const nativeSet = RTCRtpSender.prototype.setParameters;
  const light = (sender) => senders.get(sender)?.light === true;

  const lighten = (sender) => {
    if (done.has(sender) || sender.transform || sender.track?.kind !== "video") return;
    done.add(sender);
    const parameters = nativeGet.call(sender);
    if (parameters.encodings.length > 1) {
      say({ fidelity: "full", reason: `${parameters.encodings.length} simulcast layers` });
      return;
    }
    const id = count++;
    const camera = sender.track.getSettings();
    parameters.encodings = parameters.encodings.map((encoding) => shrunk(encoding, camera));
    const most_bps = parameters.encodings[0].maxBitrate;
    sender.transform = new RTCRtpScriptTransform(started(), { side: "sender", id, most_bps });
    senders.set(sender, { id, light: true, ssrcs: new Set(), heard_ms: 0 });
    nativeSet.call(sender, parameters).catch(() => {});
    say({ fidelity: "light" });
  };

  // A codec without prepared frames: the encoder's own frames go out, at their own size again.
  const unprepared = ({ id, foreign }) => {
    for (const [sender, entry] of senders) {
      if (entry.id !== id) continue;
      const parameters = sender.getParameters();
      entry.light = false;
      nativeSet.call(sender, parameters).catch(() => {});
      say({ fidelity: "full", reason: `no prepared frames for ${foreign}` });
    }
  };

  RTCRtpSender.prototype.getParameters = new Proxy(nativeGet, {
    apply(target, sender, args) {
      const parameters = Reflect.apply(target, sender, args);
      if (!light(sender)) return parameters;
      for (const encoding of parameters.encodings) {
        encoding.scaleResolutionDownBy /= config.shrink;
        if (!senders.get(sender).limited) delete encoding.maxBitrate;
      }
      return parameters;
    },
  });
  RTCRtpSender.prototype.setParameters = new Proxy(nativeSet, {
    apply(target, sender, [parameters, ...rest]) {
      if (light(sender) && parameters?.encodings) {
        senders.get(sender).limited = parameters.encodings.some((each) => each.maxBitrate !== undefined);
        const camera = sender.track?.getSettings();
        parameters = {
          ...parameters,
          encodings: parameters.encodings.map((encoding) => shrunk(encoding, camera)),
        };
        const { id } = senders.get(sender);
        worker.postMessage({ id, most_bps: parameters.encodings[0].maxBitrate });
      }
      return Reflect.apply(target, sender, [parameters, ...rest]);
    },
  });

  // Each report of the page's polls tells, too: only what falls between them is asked for.
  const heard = (sender, stat) => {
    if (stat.type !== "outbound-rtp" || stat.targetBitrate === undefined) return;
    const entry = senders.get(sender);
    entry.ssrcs.add(stat.ssrc);
    entry.heard_ms = now();
    worker.postMessage({ id: entry.id, target_bps: stat.targetBitrate });
  };
  const tellTargets = async () => {
    for (const [sender, { heard_ms }] of senders) {
      if (!light(sender) || sender.transport?.state !== "connected") continue;
      if (now() - heard_ms < config.target_ms / 2) continue;
      for (const stat of (await sender.getStats()).values()) heard(sender, stat);
    }
  };
  setInterval(() => tellTargets().catch(() => {}), config.target_ms);

  // ---------------------------------------------------------------- what is received

  const lightenReceiver = (receiver) => {
    if (done.has(receiver) || receiver.transform || receiver.track.kind !== "video") return;
    done.add(receiver);
    const options = { side: "receiver", track: receiver.track.id };
    receiver.transform = new RTCRtpScriptTransform(started(), options);
  };

  // ---------------------------------------------------------------- where both are found

  const listening = new WeakSet();
  const sweep = (connection) => {
    if (!listening.has(connection)) {
      listening.add(connection);
      connection.addEventListener("track", ({ receiver }) => lightenReceiver(receiver));
    }
    if (connection.signalingState === "closed") return;
    for (const { sender, receiver } of connection.getTransceivers()) {
      lighten(sender);
      lightenReceiver(receiver);
    }
  };
  for (const name of [
    "addTrack", "addTransceiver", "addStream", "createOffer", "createAnswer",
    "setRemoteDescription", "setLocalDescription",
  ]) {
    const native = Connection.prototype[name];
    if (!native) continue;
    Connection.prototype[name] = new Proxy(native, {
      apply(target, connection, args) {
        const made = Reflect.apply(target, connection, args);
        sweep(connection);
        // Before the page's own continuation: what comes later is too late for a receiver.
        return made instanceof Promise ? made.then((value) => { sweep(connection); return value; }) : made;
      },
    });
  }
  const nativeReplace = RTCRtpSender.prototype.replaceTrack;
  RTCRtpSender.prototype.replaceTrack = new Proxy(nativeReplace, {
    apply(target, sender, args) {
      const replaced = Reflect.apply(target, sender, args);
      return replaced.then((value) => { lighten(sender); return value; });
    },
  });

  // ---------------------------------------------------------------- in the worker

  function workerMain(constants) {
    const FLOOR = 0.3, CEILING = 3, REPAY_S = 0.5, START_BPS = 300000;
    const WINDOW_MS = 1000, DESCRIPTORS = 0.97;
    const targets = new Map(); // id -> the encoder's target, then what it means for us
    let bank = null;
    let ready;
    const loaded = new Promise((resolve) => { ready = resolve; });

    self.onmessage = ({ data }) => {
      if (data.bank === null) {
        ready();
      } else if (data.bank) {
        const length = new DataView(data.bank).getUint32(0, true);
        const places = JSON.parse(new TextDecoder().decode(new Uint8Array(data.bank, 4, length)));
        const bytes = new Uint8Array(data.bank, 4 + length);
        const frame = ([offset, size]) => bytes.subarray(offset, offset + size);
        bank = {
          key: frame(places.key), skip: frame(places.skip), tiny: frame(places.tiny),
          frames: places.frames.map((rungs) => rungs.map(frame)), frame_rate: places.frame_rate,
        };
        ready();
      } else {
        const target = targets.get(data.id);
        if (!target) return;
        if (data.most_bps !== undefined) {
          target.most_bps = data.most_bps;
          return;
        }
        const bps = Math.min(unreduced(data.target_bps, target.overhead), target.most_bps);
        if (bps !== target.bps) self.postMessage({ id: data.id, target_bps: bps });
        target.bps = bps;
      }
    };

    const padded = (frame, size) => {
      const made = new Uint8Array(size);
      made.set(frame.length > size ? frame.subarray(0, size) : frame);
      return made.buffer;
    };

    // Chromium takes all that a transform adds for overhead of packetizing, takes that off the
    // encoder's target, at most half of it (libwebrtc's RtpVideoSender), and we add nearly all. What
    // a real encoder would be left with: the whole, less the few bytes of a packet's descriptor.
    const unreduced = (target_bps, overhead) => {
      const since = performance.now() - WINDOW_MS;
      while (overhead.length && overhead[0].at < since) overhead.shift();
      const overhead_bps = overhead.reduce((sum, { bytes }) => sum + bytes, 0) * 8000 / WINDOW_MS;
      return Math.round(DESCRIPTORS * (target_bps + Math.min(overhead_bps, target_bps)));
    };

    // The picture of the clip whose turn it is, by the camera's clock, and what it may weigh.
    const sending = ({ id, most_bps }) => {
      let first = null, last = null, owed = 0, per_frame = 0;
      const target = { bps: START_BPS, overhead: [], most_bps };
      targets.set(id, target);
      const next = (encoded) => {
        const { bps } = target;
        const at = encoded.timestamp;
        first ??= at;
        const since_s = last === null ? 1 / bank.frame_rate : ((at - last) >>> 0) / constants.clock_hz;
        last = at;
        // A camera's pause is not paid back in one frame.
        const earned = (bps / 8) * Math.min(since_s, REPAY_S);
        per_frame = per_frame ? per_frame + 0.2 * (earned - per_frame) : earned;
        owed += earned;
        if (encoded.type === "key") {
          owed -= bank.key.length;
          return bank.key.slice().buffer;
        }
        const wished = per_frame + (owed - per_frame) * Math.min(1, since_s / REPAY_S);
        const size = Math.round(Math.min(Math.max(wished, FLOOR * per_frame), CEILING * per_frame));
        const number = Math.round((((at - first) >>> 0) / constants.clock_hz) * bank.frame_rate);
        const rungs = bank.frames[number % bank.frames.length];
        const frame = rungs.find((rung) => rung.length <= size) ?? bank.skip;
        const made = padded(frame, Math.max(frame.length, size));
        owed -= made.byteLength;
        // Debts that a whole second could not repay are forgotten: the target has moved meanwhile.
        owed = Math.max(owed, -bps / 8);
        return made;
      };
      return (encoded) => {
        const before = encoded.data.byteLength;
        const made = next(encoded);
        target.overhead.push({ at: performance.now(), bytes: Math.max(0, made.byteLength - before) });
        return made;
      };
    };

    const vp8 = (frame) => {
      const { mimeType } = frame.getMetadata();
      return mimeType === undefined || mimeType.toLowerCase() === "video/vp8";
    };

    self.onrtctransform = ({ transformer: { options, readable, writable } }) => {
      let known = "", foreign = false, prepared = null;
      const next = options.side === "sender" ? sending(options) : null;
      const transformed = (frame) => {
        // A codec changes at a key frame only; to ask each frame costs more than the rest of this.
        if (prepared === null || frame.type === "key") prepared = vp8(frame);
        if (!prepared) {
          if (!foreign && next) {
            self.postMessage({ id: options.id, foreign: frame.getMetadata().mimeType });
          }
          foreign = true;
        } else if (bank && next) {
          frame.data = next(frame);
        } else if (bank) {
          const data = new Uint8Array(frame.data, 0, Math.min(10, frame.data.byteLength));
          if (data.length === 10 && !(data[0] & 1)) { // RFC 6386, 9.1: a key frame has its size
            const size = {
              frameWidth: data[6] | ((data[7] & 0x3f) << 8),
              frameHeight: data[8] | ((data[9] & 0x3f) << 8),
            };
            const text = `${size.frameWidth}x${size.frameHeight}`;
            if (text !== known) self.postMessage({ track: options.track, size });
            known = text;
          }
          frame.data = padded(bank.tiny, Math.max(bank.tiny.length, frame.data.byteLength));
        }
        return frame;
      };
      // By hand: a TransformStream between two pipes takes several times as many turns a frame.
      const reader = readable.getReader(), writer = writable.getWriter();
      const pump = async () => {
        for (;;) {
          const { value, done } = await reader.read();
          if (done) return;
          if (!bank) await loaded;
          writer.write(transformed(value)).catch(() => {});
        }
      };
      pump().catch(() => {});
    };
  }

  // ---------------------------------------------------------------- what statistics cannot know

  const NOT_OF_SENDER = Object.fromEntries([
    "framesPerSecond", "frameWidth", "frameHeight", "qpSum", "qualityLimitationReason",
    "qualityLimitationDurations",
  ].map((member) => [member, undefined]));
  return (stat) => {
    if (stat.kind !== "video") return null;
    if (stat.type === "outbound-rtp") {
      const found = [...senders].find(([, each]) => each.light && each.ssrcs.has(stat.ssrc));
      if (!found) return null;
      const [sender, entry] = found;
      heard(sender, stat);
      return { ...NOT_OF_SENDER, targetBitrate: targets.get(entry.id) };
    }
    if (stat.type === "inbound-rtp") return sizes.get(stat.trackIdentifier) ?? null;
    return null;
  };
}
