// Saves a page the work of encoding and decoding; a server sees no difference. Sending: the camera is
// captured at its own size and rate, a tiny picture of it is encoded, and each encoded frame's payload
// is replaced by a prepared frame of the clip, as large as the congestion control's target allows.
// Receiving: each frame's payload is replaced by a tiny picture, padded to its former length; the true
// size is reported. ICE, DTLS, SRTP, RTCP, pacing and jitter buffer stay Chromium's.
//
// It works with each way to add media (addTrack, addTransceiver, a remote offer, old-style
// createOffer): after each such call all transceivers are checked. A page's own transforms are kept.
// A sender that cannot be light stays full, and `send` reports why: {message: "fidelity", ...}.
//
// `workerMain` (light_worker.js) does the work on each frame, in a worker. `askBank(name, codec)`
// has the farm put the file of prepared frames into the file input that a global of this name holds.
// Returns for poll_stats.js (stat, report) => members to add, which the browser does not have.
(config, send, workerMain, askBank) => {
  const Connection = window.RTCPeerConnection;
  if (!Connection || !window.RTCRtpScriptTransform) return () => null;

  const now = () => performance.timeOrigin + performance.now();
  const say = (facts) => send(JSON.stringify({ message: "fidelity", page_time_ms: now(), ...facts }));
  const senders = new Map(); // RTCRtpSender -> {id, light, ssrcs, heard_ms}
  const sizes = new Map(); // track identifier of what is received -> {frameWidth, frameHeight}
  const targets = new Map(); // id of a sender -> what Chromium would let an encoder of its own send
  const done = new WeakSet();
  let count = 0;

  let worker = null;
  const started = () => {
    if (worker) return worker;
    const code = `(${workerMain})(${JSON.stringify({ clock_hz: 90000 })})`;
    worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    const unread = (why) => {
      for (const { id } of senders.values()) unprepared(id, `no prepared frames for this page (${why})`);
    };
    worker.onmessage = ({ data }) => {
      if (data.target_bps !== undefined) targets.set(data.id, data.target_bps);
      if (data.size) sizes.set(data.track, data.size);
      if (data.question !== undefined) answer(data);
      if (data.unread) unread(data.unread);
    };
    delivered("vp8").catch(({ message }) => unread(message)); // ahead of time: most calls need it
    return worker;
  };

  // ---------------------------------------------------------------- prepared frames

  const deliveries = new Map(); // codec -> its bank's way into the worker
  const delivered = (codec) => {
    if (!deliveries.has(codec)) deliveries.set(codec, deliver(codec));
    return deliveries.get(codec);
  };
  const deliver = async (codec) => {
    try {
      worker.postMessage({ codec, bank: await bankFile(codec) });
    } catch (error) {
      worker.postMessage({ codec, bank: null });
      throw error;
    }
  };

  // A negotiated codec is needed soon; asking for it at the first frame would delay that frame.
  const foresee = (sender, receiver) => {
    if (deliveries.has("h264")) return;
    const first = [nativeGet.call(sender), receiver.getParameters()].map(({ codecs }) => codecs[0]);
    if (first.some((codec) => codec?.mimeType === "video/H264")) delivered("h264").catch(() => {});
  };

  // In no document, so that the page's own scripts and policy do not affect it.
  const bankFile = async (codec) => {
    const input = document.createElement("input");
    input.type = "file";
    const chosen = new Promise((resolve) => input.addEventListener("change", resolve));
    const name = `probe_farm_${Math.random().toString(36).slice(2)}`;
    Object.defineProperty(window, name, { value: input, configurable: true });
    await askBank(name, codec);
    await chosen;
    return input.files[0];
  };

  // Which bank a stream's frames are from.
  const answer = async ({ question, id, side, mimeType, payloadType }) => {
    let reason = `no prepared frames for ${mimeType}`;
    let codec = null;
    if (mimeType === "video/H264") {
      if (side === "sender" && inSmallPackets(id, payloadType)) {
        reason += " with packetization-mode=0";
      } else {
        codec = await delivered("h264").then(() => "h264", () => null);
      }
    }
    worker.postMessage({ question, codec });
    if (codec === null && side === "sender") unprepared(id, reason);
  };

  // RFC 6184, 6.2: each NAL unit has to fit into a packet, and ours are whole pictures.
  const inSmallPackets = (id, payloadType) => {
    const [sender] = [...senders].find(([, entry]) => entry.id === id);
    const codec = nativeGet.call(sender).codecs.find((each) => each.payloadType === payloadType);
    return !/packetization-mode=1/.test(codec?.sdpFmtpLine ?? "");
  };

  // ---------------------------------------------------------------- what is sent

  // The page's own factor (or 1) times ours; the page reads back only its own.
  const shrunk = (encoding, { width = 640, height = 480 } = {}) => ({
    ...encoding,
    // Else Chromium limits the rate to one for the tiny picture; these are its limits for the camera's.
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

  // A codec without prepared frames: the encoder's own frames are sent, at their own size again.
  const unprepared = (id, reason) => {
    for (const [sender, entry] of senders) {
      if (entry.id !== id) continue;
      const parameters = sender.getParameters();
      entry.light = false;
      nativeSet.call(sender, parameters).catch(() => {});
      say({ fidelity: "full", reason });
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

  // The reports of polls have it, too: it is asked for only between them.
  const heard = (sender, stat, report) => {
    if (stat.type !== "outbound-rtp" || stat.targetBitrate === undefined) return;
    const entry = senders.get(sender);
    entry.ssrcs.add(stat.ssrc);
    entry.heard_ms = now();
    const pair = report.get(report.get(stat.transportId)?.selectedCandidatePairId);
    const allowed_bps = pair?.availableOutgoingBitrate;
    worker.postMessage({ id: entry.id, target_bps: stat.targetBitrate, allowed_bps });
  };
  const tellTargets = async () => {
    for (const [sender, { heard_ms }] of senders) {
      if (!light(sender) || sender.transport?.state !== "connected") continue;
      if (now() - heard_ms < config.target_ms / 2) continue;
      const report = await sender.getStats();
      for (const stat of report.values()) heard(sender, stat, report);
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

  // ---------------------------------------------------------------- finding senders and receivers

  const listening = new WeakSet();
  const sweep = (connection) => {
    if (!listening.has(connection)) {
      listening.add(connection);
      connection.addEventListener("track", ({ receiver }) => lightenReceiver(receiver));
    }
    if (connection.signalingState === "closed") return;
    const agreed = connection.signalingState === "stable";
    for (const { sender, receiver } of connection.getTransceivers()) {
      lighten(sender);
      lightenReceiver(receiver);
      if (agreed && worker) foresee(sender, receiver);
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
        // Before the page's own continuation: later would miss a receiver's first frames.
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

  // ---------------------------------------------------------------- what statistics do not have

  const NOT_OF_SENDER = Object.fromEntries([
    "framesPerSecond", "frameWidth", "frameHeight", "qpSum", "qualityLimitationReason",
    "qualityLimitationDurations",
  ].map((member) => [member, undefined]));
  return (stat, report) => {
    if (stat.kind !== "video") return null;
    if (stat.type === "outbound-rtp") {
      const found = [...senders].find(([, each]) => each.light && each.ssrcs.has(stat.ssrc));
      if (!found) return null;
      const [sender, entry] = found;
      heard(sender, stat, report);
      return { ...NOT_OF_SENDER, targetBitrate: targets.get(entry.id) };
    }
    if (stat.type === "inbound-rtp") return sizes.get(stat.trackIdentifier) ?? null;
    return null;
  };
}
