// The worker of a light probe: replaces each encoded frame that is sent or received. light_codec.js
// starts it and explains it. A message to it is a bank, an answer about a stream, or a sender's new
// target or layers. A message from it asks which bank a stream's frames are from, asks for key frames,
// or reports a sender's rates, a picture's true size, why a bank cannot be read, or why frames are
// lost on their way through the worker. `divided` is light_layers.js's.
(constants, { divided }) => {
  const FLOOR = 0.3, CEILING = 3, REPAY_S = 0.5, MOST_DEBT_S = 1, LEAST_S = 0.001, START_BPS = 300000;
  const WINDOW_MS = 1000, DESCRIPTORS = 0.97;
  const KEY_EACH_MS = 500;
  // By the number of temporal layers: the size of a frame of each, as a share of the mean. Rates are
  // 60 and 40 %, or 40, 20 and 40 % (libwebrtc's simulcast_rate_allocator.cc).
  const SHARES = [[1], [1.2, 0.8], [1.6, 0.8, 0.8]];
  // What VP8's encoder makes of the targets of several layers: of the highest, and of the others (measured).
  const OF_TOP = 1.005, OF_LOWER = 0.96;
  const senders = new Map(); // id -> its layers, their rates, and what became of their frames
  const banks = new Map(); // codec -> promise of its prepared frames
  const questions = new Map(); // number -> function that takes the answer

  const bankOf = (codec) => {
    if (!banks.has(codec)) {
      let arrive;
      const bank = new Promise((resolve) => { arrive = resolve; });
      banks.set(codec, Object.assign(bank, { arrive }));
    }
    return banks.get(codec);
  };

  const read = async (codec, file) => {
    try {
      return unpacked(codec, await file.arrayBuffer());
    } catch ({ message }) {
      self.postMessage({ unread: message });
      return null;
    }
  };

  const unpacked = (codec, data) => {
    const length = new DataView(data).getUint32(0, true);
    const places = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    const bytes = new Uint8Array(data, 4 + length);
    const frame = ([offset, size]) => bytes.subarray(offset, offset + size);
    return {
      codec,
      keys: places.keys.map(frame), skip: frame(places.skip), tiny: places.tiny.map(frame),
      frames: places.frames.map((rungs) => rungs.map(frame)), frame_rate: places.frame_rate,
      size: { frameWidth: places.width, frameHeight: places.height },
      numbered: codec.startsWith("h264") ? numbered : () => {},
    };
  };

  // farm/media/h264_bitstream.py, FRAME_NUM_BIT: how many deltas there were since the key frame, in
  // the 16 bits that begin at bit 11 of what follows the start code.
  const numbered = (data, count) => {
    data[5] = (data[5] & 0xe0) | ((count >> 11) & 0x1f);
    data[6] = (count >> 3) & 0xff;
    data[7] = ((count & 7) << 5) | (data[7] & 0x1f);
  };

  self.onmessage = ({ data }) => {
    if (data.question !== undefined) {
      questions.get(data.question)(data);
      questions.delete(data.question);
    } else if (data.bank !== undefined) {
      bankOf(data.codec).arrive(data.bank && read(data.codec, data.bank));
    } else if (data.full) {
      if (senders.has(data.id)) senders.get(data.id).full = true;
    } else if (data.layers !== undefined) {
      const { layers } = data;
      const sender = senders.get(data.id);
      if (sender) Object.assign(sender, { layers, scales: scalesOf(layers) });
    } else if (senders.has(data.id)) {
      const sender = senders.get(data.id);
      divide(sender, unreduced(data, sender.overhead));
      const { bps, unsent } = sender;
      self.postMessage({ id: data.id, bps, unsent: [...unsent] });
    }
  };

  const scalesOf = (layers) => layers.map(({ scale }) => scale).join();

  const divide = (sender, total_bps) => {
    const { bps, padding_bps, on, top, filled } = divided(total_bps, sender.layers, sender.on);
    const given = (each, index) =>
      each * (on.size === 1 ? 1 : index === top ? OF_TOP : OF_LOWER)
      + (index === filled ? padding_bps : 0);
    Object.assign(sender, { on, bps, given_bps: bps.map(given) });
  };

  const padded = (frame, size) => {
    const made = new Uint8Array(size);
    made.set(frame.length > size ? frame.subarray(0, size) : frame);
    return made;
  };

  // Chromium counts the bytes that a transform adds as overhead of packets and subtracts them from the
  // encoder's target, at most half of it (libwebrtc's RtpVideoSender); here nearly all bytes are added.
  // A real encoder would get the whole target, less the few bytes of a packet's descriptor. Where the
  // estimate does not change (no transport-cc), what is subtracted is what was added a while ago. The
  // estimate itself, which includes audio where there is transport-cc, is the upper limit. `alone_bps`: what
  // the estimate leaves a connection's only video, where that has several layers.
  const unreduced = ({ target_bps, allowed_bps = Infinity, alone_bps }, overhead) => {
    const since = performance.now() - WINDOW_MS;
    while (overhead.length && overhead[0].at < since) overhead.shift();
    if (alone_bps !== undefined) return Math.round(DESCRIPTORS * alone_bps);
    const overhead_bps = overhead.reduce((sum, { bytes }) => sum + bytes, 0) * 8000 / WINDOW_MS;
    const whole_bps = target_bps + Math.min(overhead_bps, target_bps);
    return Math.round(DESCRIPTORS * Math.min(whole_bps, allowed_bps));
  };

  // Chooses the clip's picture by the camera's clock, and its largest size. Sizes are in seconds of
  // the layer's rate, so that they mean the same when it changes.
  const choosing = (rate_bps) => {
    let temporal = 0; // the highest temporal layer so far
    let first = null, last = null, frame_s = 0, keys = 0, deltas = 0;
    let due_s = 0; // what could have been sent by now and was not
    let debt_s = 0, pace = 0; // owed after a key frame, and the part of each second that repays it
    return (encoded, bank, { temporalIndex = 0 }) => {
      temporal = Math.max(temporal, temporalIndex);
      const share = SHARES[temporal][temporalIndex];
      const per_s = rate_bps() / 8;
      const at = encoded.timestamp;
      first ??= at;
      const passed_s = last === null ? 1 / bank.frame_rate : ((at - last) >>> 0) / constants.clock_hz;
      // After a pause of the camera one frame must not use all the time that was saved.
      const since_s = Math.min(Math.max(passed_s, LEAST_S), REPAY_S);
      last = at;
      frame_s += frame_s ? 0.2 * (since_s - frame_s) : since_s;
      if (encoded.type === "key") {
        const key = bank.keys[keys++ % bank.keys.length];
        deltas = 0;
        const debt = debt_s + key.length / per_s - since_s;
        due_s += Math.max(0, -debt);
        debt_s = Math.min(Math.max(debt, 0), MOST_DEBT_S);
        pace = Math.min(debt_s / REPAY_S, 1 - FLOOR);
        return key.slice();
      }
      const repaid_s = Math.min(debt_s, pace * since_s);
      debt_s -= repaid_s;
      due_s += since_s - repaid_s;
      const usual_s = frame_s * (1 - repaid_s / since_s);
      const wished_s = usual_s * share + (due_s - usual_s) * (since_s / REPAY_S);
      const size = Math.round(
        per_s * Math.min(Math.max(wished_s, FLOOR * frame_s), CEILING * frame_s));
      const number = Math.round((((at - first) >>> 0) / constants.clock_hz) * bank.frame_rate);
      const rungs = bank.frames[number % bank.frames.length];
      const frame = rungs.find((rung) => rung.length <= size) ?? bank.skip;
      const made = padded(frame, Math.max(frame.length, size));
      bank.numbered(made, ++deltas);
      due_s = Math.max(due_s - made.length / per_s, -MOST_DEBT_S);
      return made;
    };
  };

  // What is sent of a stream in the place of its frames; null: nothing, for its layer is not due. A
  // layer begins with a key frame.
  const sending = (sender, index, ssrc) => {
    const chosen = choosing(() => sender.given_bps[index]);
    const unsent = { framesEncoded: 0, framesSent: 0, keyFramesEncoded: 0 };
    sender.unsent.set(ssrc, unsent);
    let begun = false;
    return (encoded, bank, facts) => {
      begun = sender.on.has(index) && (begun || encoded.type === "key");
      if (!begun) {
        unsent.framesEncoded += 1;
        unsent.framesSent += 1;
        if (encoded.type === "key") unsent.keyFramesEncoded += 1;
        if (sender.on.has(index)) askForKey(sender);
        return null;
      }
      const before = encoded.data.byteLength;
      const made = chosen(encoded, bank, facts);
      sender.overhead.push({ at: performance.now(), bytes: Math.max(0, made.length - before) });
      return made;
    };
  };

  const askForKey = (sender) => {
    const now = performance.now();
    if (now - sender.asked_ms < KEY_EACH_MS) return;
    sender.asked_ms = now;
    self.postMessage({ id: sender.id, key: true });
  };

  // Replaces received frames by tiny ones. A key frame has the picture's size: VP8 in its first bytes
  // (RFC 6386, 9.1); for other codecs Chromium has read it.
  const receiving = ({ track }) => {
    let known = "", count = 0;
    const told = (width, height) => {
      if (`${width}x${height}` === known) return;
      known = `${width}x${height}`;
      self.postMessage({ track, size: { frameWidth: width, frameHeight: height } });
    };
    return (frame, bank, facts) => {
      const data = new Uint8Array(frame.data, 0, Math.min(10, frame.data.byteLength));
      if (!bank.codec.startsWith("vp8")) {
        if (facts.width) told(facts.width, facts.height);
      } else if (data.length === 10 && !(data[0] & 1)) {
        told(data[6] | ((data[7] & 0x3f) << 8), data[8] | ((data[9] & 0x3f) << 8));
      }
      const tiny = bank.tiny[count++ % bank.tiny.length];
      return padded(tiny, Math.max(tiny.length, frame.data.byteLength));
    };
  };

  // The layer of a stream, and the bank that its frames are from; null: none, they are sent as they are.
  let count = 0;
  const asked = (options, { mimeType = "video/vp8", payloadType, synchronizationSource: ssrc }) => {
    const several = senders.get(options.id)?.layers.length > 1;
    if (mimeType.toLowerCase() === "video/vp8" && !several) return { codec: "vp8", index: 0 };
    const question = count++;
    const { id, side } = options;
    self.postMessage({ question, id, side, mimeType, payloadType, ssrc });
    return new Promise((resolve) => questions.set(question, resolve));
  };

  const begin = ({ id, layers }) => {
    const sender = {
      id, layers, scales: scalesOf(layers), full: false, overhead: [], on: null, unsent: new Map(),
      asked_ms: -KEY_EACH_MS,
    };
    divide(sender, START_BPS);
    senders.set(id, sender);
    return sender;
  };

  self.onrtctransform = ({ transformer: { options, readable, writable } }) => {
    const sender = options.side === "sender" ? begin(options) : null;
    const streams = new Map(); // SSRC -> {kind, bank, next, facts}
    // The stream, where there is one: to ask for facts of each frame would cost more than all the rest.
    let only = null;
    const looked = async (frame) => {
      const facts = frame.getMetadata();
      const ssrc = facts.synchronizationSource;
      const stream = streams.get(ssrc) ?? { kind: "", bank: null, next: null };
      streams.set(ssrc, stream);
      const kind = `${facts.mimeType} ${facts.payloadType} ${sender?.scales}`;
      stream.facts = facts;
      if (kind === stream.kind) return stream;
      stream.kind = kind;
      const { codec, index } = await asked(options, facts);
      stream.bank = codec && await bankOf(codec);
      stream.next ??= sender ? sending(sender, index, ssrc) : receiving(options);
      if (sender && stream.bank) self.postMessage({ id: options.id, index, size: stream.bank.size });
      return stream;
    };
    // Read and written by hand: a TransformStream between two pipes needs several times as many turns.
    const reader = readable.getReader(), writer = writable.getWriter();
    let isLost = false;
    const lost = ({ name, message }) => {
      if (!isLost) self.postMessage({ id: options.id, track: options.track, lost: `${name}: ${message}` });
      isLost = true;
    };
    const pump = async () => {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        // A codec changes only at a key frame.
        if (!only || value.type === "key" || sender?.layers[0].temporal) only = await looked(value);
        if (sender?.full && value.type === "key") only.bank = null;
        if (only.bank) {
          const made = only.next(value, only.bank, only.facts);
          if (made === null) continue;
          value.data = made.buffer;
        }
        writer.write(value).catch(lost);
      }
    };
    pump().catch(lost);
  };
}
