// The senders of a light probe (light_codec.js): the camera is encoded as a tiny picture, and each of its
// frames replaced by a prepared one, as large as the congestion control's target allows. The page reads
// back the parameters that it set itself.
//
// Returns {lighten, checkAgreed, foresee, bankFor, unread, unprepared, onMessage, known}: to make a sender
// light, to look at what was negotiated, to have prepared frames in time, to say which bank a stream's
// frames are from, to give up all senders or one for want of a bank, to take a message of the worker,
// and, of a statistic, the members that replace the browser's.
(config, shared, { ownOf, obstacle, layersFor, tinied, limitIn, leftFor }) => {
  const { now, say, noteLost, isOver, connectionOf, codecOf, delivered, post, transform } = shared;
  const senders = new Map(); // RTCRtpSender -> {id, light, wasTiny, own, ssrcs, heard_ms, unread, ...}
  const done = new WeakSet();
  const MOST_UNREAD = 4; // times in a row that a sender's statistics cannot be read
  let count = 0;
  let noFrames = null; // why there are none for this page

  const nativeGet = RTCRtpSender.prototype.getParameters;
  const nativeSet = RTCRtpSender.prototype.setParameters;
  const nativeTransform = Object.getOwnPropertyDescriptor(RTCRtpSender.prototype, "transform");
  const light = (sender) => senders.get(sender)?.light === true;
  const byId = (id) => [...senders].find(([, entry]) => entry.id === id);

  const onMessage = (data) => {
    const found = byId(data.id);
    if (!found) return;
    const [sender, entry] = found;
    if (data.lost) noteLost(sender, data.lost);
    if (data.bps) Object.assign(entry, { bps: data.bps, unsent: new Map(data.unsent) });
    if (data.size) entry.sizes[data.index] = data.size;
    if (data.key) askForKey(sender);
  };

  // ---------------------------------------------------------------- prepared frames

  const named = (codec, scale) => (scale === 1 ? codec : `${codec}/${scale}`);

  // A negotiated codec is needed soon; asking for it at the first frame would delay that frame. Where it
  // cannot be had, that is said when a frame needs it (`unprepared`), and of VP8 at once (`unread`).
  const foresee = (sender) => {
    const codec = codecOf(nativeGet.call(sender).codecs[0]);
    const layers = layersNow(sender);
    const wanted = layers.length > 1 && codec !== "vp8" ? [] : layers;
    for (const { scale } of wanted) if (codec) delivered(named(codec, scale)).catch(() => {});
  };

  // Of a stream: {codec, index}, the bank of its frames and which layer it is; without a bank {codec: null,
  // index, reason}.
  const bankFor = async ({ id, mimeType, payloadType, ssrc }) => {
    let reason = `no prepared frames for ${mimeType}`;
    let codec = codecOf({ mimeType }) ?? null;
    let index = 0;
    const [sender] = byId(id);
    const layers = layersNow(sender);
    if (layers.length > 1 && codec !== "vp8") {
      reason = `no prepared frames for simulcast layers of ${mimeType}`;
      codec = null;
    } else if (layers.length > 1) {
      index = await indexOf(sender, ssrc);
    }
    if (index === undefined) {
      reason = "it is unknown which of its streams is which layer";
      codec = null;
    }
    if (codec === "h264" && inSmallPackets(sender, payloadType)) {
      reason += " with packetization-mode=0";
      codec = null;
    }
    codec &&= named(codec, layers[index]?.scale ?? 1);
    return { codec, index, reason };
  };

  const indexOf = async (sender, ssrc) => {
    for (let tries = 0; tries < 50; tries += 1) {
      const report = await sender.getStats().catch(() => new Map()); // tellTarget says why it fails
      const found = [...report.values()].find((stat) => stat.ssrc === ssrc);
      if (found?.encodingIndex !== undefined) return found.encodingIndex;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return undefined;
  };

  // RFC 6184, 6.2: each NAL unit has to fit into a packet, and ours are whole pictures.
  const inSmallPackets = (sender, payloadType) => {
    const codec = nativeGet.call(sender).codecs.find((each) => each.payloadType === payloadType);
    return !/packetization-mode=1/.test(codec?.sdpFmtpLine ?? "");
  };

  // ---------------------------------------------------------------- what is sent

  // The layers that a light sender has at this moment (light_layers.js).
  const layersNow = (sender) => {
    const { own } = senders.get(sender) ?? {};
    return own ? layersFor(own, cameraOf(sender), limitOf(sender)) : [];
  };
  const cameraOf = (sender) => ({ width: 640, height: 480, ...sender.track?.getSettings() });
  const limitOf = (sender) => {
    const connection = connectionOf(sender);
    const mid = connection.getTransceivers().find((each) => each.sender === sender)?.mid;
    return limitIn(connection.remoteDescription?.sdp ?? "", mid);
  };
  const tiny = (sender, encodings) =>
    tinied(encodings, senders.get(sender).own, layersNow(sender), cameraOf(sender));

  const lighten = (sender) => {
    if (done.has(sender) || sender.transform || sender.track?.kind !== "video") return;
    done.add(sender);
    const parameters = nativeGet.call(sender);
    const reason = obstacle(parameters.encodings) ?? noFrames;
    if (reason) {
      say({ fidelity: "full", reason });
      return;
    }
    const entry = {
      id: count++, light: true, wasTiny: Promise.resolve(false), own: ownOf(parameters.encodings),
      ssrcs: new Set(), heard_ms: 0, unread: 0, bps: [], unsent: new Map(), sizes: [],
    };
    senders.set(sender, entry);
    const options = { side: "sender", id: entry.id, layers: layersNow(sender) };
    nativeTransform.set.call(sender, transform(options));
    parameters.encodings = tiny(sender, parameters.encodings);
    say({ fidelity: "light" });
    const refused = (why) => giveUp(sender, `its encoder takes no tiny pictures (${why})`);
    noteTaken(entry, set(sender, parameters, refused));
  };
  // `wasTiny` is a promise: whether the browser ever took what makes the encoder's pictures tiny.
  const noteTaken = (entry, taken) => {
    entry.wasTiny = entry.wasTiny.then((before) => before || taken);
  };

  // What the encoder makes is sent as it is from now on, at its own size and rate again.
  const giveUp = (sender, reason) => {
    if (!light(sender)) return; // each of its layers may have asked
    stopReplacing(sender, reason);
    enlarge(sender);
  };
  const stopReplacing = (sender, reason) => {
    const entry = senders.get(sender);
    entry.light = false;
    post({ id: entry.id, full: true });
    say({ fidelity: "full", reason });
  };

  const unprepared = (id, reason) => {
    const found = byId(id);
    if (found) giveUp(found[0], reason);
  };
  // No sender of this page can be light, nor any that it has later: its tiny pictures would go out.
  const unread = (why) => {
    noFrames = `no prepared frames for this page (${why})`;
    for (const { id } of senders.values()) unprepared(id, noFrames);
  };

  const enlarge = (sender) =>
    set(sender, ownParameters(sender), async (why) => {
      if (await senders.get(sender).wasTiny) say({ fidelity: "tiny", reason: why });
    });

  // It is asked again at the next frame that needs one.
  const askForKey = (sender) => {
    const parameters = nativeGet.call(sender);
    const encodingOptions = parameters.encodings.map(() => ({ keyFrame: true }));
    const refused = (why) => {
      const entry = senders.get(sender);
      if (!entry.keyless) say({ fidelity: "light", reason: `no key frame when asked (${why})` });
      entry.keyless = true;
    };
    set(sender, parameters, refused, { encodingOptions });
  };

  const set = (sender, parameters, refused, ...options) => // a promise: whether it was taken
    nativeSet.call(sender, parameters, ...options).then(() => true, ({ name, message }) => {
      if (!isOver(sender)) refused(`${name}: ${message}`);
      return false;
    });

  // What the page set, or left as it was.
  const ownParameters = (sender) => {
    const parameters = nativeGet.call(sender);
    const { own } = senders.get(sender);
    for (const [index, encoding] of parameters.encodings.entries()) {
      if (!own[index]) continue; // one that a changed SDP has just added
      const { maxBitrate, scaleResolutionDownBy } = own[index];
      Object.assign(encoding, { scaleResolutionDownBy, maxBitrate });
      if (maxBitrate === undefined) delete encoding.maxBitrate;
    }
    return parameters;
  };

  RTCRtpSender.prototype.getParameters = new Proxy(nativeGet, {
    apply(target, sender, args) {
      return light(sender) ? ownParameters(sender) : Reflect.apply(target, sender, args);
    },
  });
  RTCRtpSender.prototype.setParameters = new Proxy(nativeSet, {
    apply(target, sender, [parameters, ...rest]) {
      if (!light(sender) || !parameters?.encodings) {
        return Reflect.apply(target, sender, [parameters, ...rest]);
      }
      const entry = senders.get(sender);
      const reason = obstacle(parameters.encodings);
      if (reason) {
        stopReplacing(sender, reason);
        const changed = Reflect.apply(target, sender, [parameters, ...rest]);
        changed.catch(() => enlarge(sender));
        return changed;
      }
      const before = entry.own;
      const use = (own) => {
        entry.own = own;
        post({ id: entry.id, layers: layersNow(sender) });
      };
      use(ownOf(parameters.encodings));
      const encodings = tiny(sender, parameters.encodings);
      const changed = Reflect.apply(target, sender, [{ ...parameters, encodings }, ...rest]);
      noteTaken(entry, changed.then(() => true, () => { use(before); return false; }));
      return changed;
    },
  });

  // A transform that the page sets later takes the place of ours; where it wants none, ours stays.
  Object.defineProperty(RTCRtpSender.prototype, "transform", {
    ...nativeTransform,
    set(own) {
      if (own === null && light(this)) return;
      nativeTransform.set.call(this, own);
      giveUp(this, "a transform of the page's own");
    },
  });

  // The reports of polls have it, too: it is asked for only between them.
  const heard = (sender, report, isOurs) => {
    const stats = [...report.values()].filter(
      (stat) => stat.type === "outbound-rtp" && stat.kind === "video" && isOurs(stat));
    if (!stats.some(({ targetBitrate }) => targetBitrate !== undefined)) return;
    const entry = senders.get(sender);
    for (const { ssrc } of stats) entry.ssrcs.add(ssrc);
    entry.heard_ms = now();
    const pair = report.get(report.get(stats[0].transportId)?.selectedCandidatePairId);
    const allowed_bps = pair?.availableOutgoingBitrate;
    post({
      id: entry.id,
      target_bps: stats.reduce((sum, { targetBitrate = 0 }) => sum + targetBitrate, 0),
      allowed_bps,
      alone_bps: entry.own.length > 1 ? aloneOf(sender, entry, report, allowed_bps) : undefined,
    });
  };

  // What the estimate leaves a connection's only video (light_encodings.js).
  const aloneOf = (sender, entry, report, allowed_bps) => {
    const connection = connectionOf(sender);
    const sent = (kind) => connection.getSenders().filter(({ track }) => track?.kind === kind).length;
    if (allowed_bps === undefined || sent("video") !== 1) return undefined;
    const audios = [...report.values()].filter(
      ({ type, kind }) => type === "outbound-rtp" && kind === "audio"); // in polls' reports only
    if (audios.length) entry.audios = audios.map(({ targetBitrate }) => targetBitrate);
    const targets = entry.audios ?? Array(sent("audio")).fill(undefined);
    return leftFor(allowed_bps, targets, connection.remoteDescription?.sdp ?? "", limitOf(sender));
  };
  // Without a target a sender would keep the rate that it had: one whose statistics cannot be read is full.
  const tellTarget = async (sender, entry) => {
    try {
      heard(sender, await sender.getStats(), () => true);
      entry.unread = 0;
    } catch ({ name, message }) {
      entry.unread += 1;
      if (entry.unread < MOST_UNREAD || isOver(sender)) return;
      giveUp(sender, `its statistics cannot be read (${name}: ${message})`);
    }
  };
  const tellTargets = () => {
    for (const [sender, entry] of senders) {
      if (!light(sender) || sender.transport?.state !== "connected") continue;
      if (now() - entry.heard_ms >= config.target_ms / 2) tellTarget(sender, entry);
    }
  };
  setInterval(tellTargets, config.target_ms);

  // What an offer or answer may change.
  const ALLOCATION = "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00";
  const checkAgreed = (sender) => {
    if (!light(sender)) return;
    const { encodings, headerExtensions } = nativeGet.call(sender);
    const { id, own } = senders.get(sender);
    if (encodings.length !== own.length) {
      giveUp(sender, `${encodings.length} simulcast layers that the page did not set by sendEncodings`);
    } else if (headerExtensions.some(({ uri }) => uri === ALLOCATION)) {
      giveUp(sender, "the header extension video-layers-allocation, which has the sizes of pictures");
    } else if (own.length > 1) {
      post({ id, layers: layersNow(sender) });
    }
  };

  // ---------------------------------------------------------------- what statistics do not have

  const NOT_OF_SENDER = Object.fromEntries([
    "framesPerSecond", "frameWidth", "frameHeight", "qpSum", "qualityLimitationReason",
    "qualityLimitationDurations",
  ].map((member) => [member, undefined]));
  // Without the frames of a layer that was encoded and not sent.
  const sentOnly = (stat, { unsent }) => {
    const counts = Object.entries(unsent.get(stat.ssrc) ?? {});
    const left = ([member, less]) => [member, Math.max(0, (stat[member] ?? 0) - less)];
    return Object.fromEntries(counts.map(left));
  };
  const known = (stat, report) => {
    const found = [...senders].find(([, each]) => each.light && each.ssrcs.has(stat.ssrc));
    if (!found) return null;
    const [sender, entry] = found;
    const index = stat.encodingIndex ?? 0;
    if (index === 0) heard(sender, report, ({ ssrc }) => entry.ssrcs.has(ssrc));
    const size = entry.own.length > 1 ? entry.sizes[index] : null;
    const targetBitrate = entry.bps[index] || undefined;
    return { ...NOT_OF_SENDER, ...size, ...sentOnly(stat, entry), targetBitrate };
  };

  return { lighten, checkAgreed, foresee, bankFor, unread, unprepared, onMessage, known };
}
