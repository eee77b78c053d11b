// The worker of a light probe: replaces each encoded frame that is sent or received. light_codec.js
// starts it and explains it. A message to it is the bank of a codec, an answer about a stream, or a
// sender's new target. A message from it asks which bank a stream's frames are from, or reports such
// a target, a received picture's true size, or why a bank cannot be read.
(constants) => {
  const FLOOR = 0.3, CEILING = 3, REPAY_S = 0.5, MOST_DEBT_S = 1, LEAST_S = 0.001, START_BPS = 300000;
  const WINDOW_MS = 1000, DESCRIPTORS = 0.97;
  const targets = new Map(); // id -> the encoder's target, and what follows from it for prepared frames
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
      numbered: codec === "h264" ? numbered : () => {},
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
      questions.get(data.question)(data.codec);
      questions.delete(data.question);
    } else if (data.bank !== undefined) {
      bankOf(data.codec).arrive(data.bank && read(data.codec, data.bank));
    } else {
      const target = targets.get(data.id);
      if (!target) return;
      if (data.most_bps !== undefined) {
        target.most_bps = data.most_bps;
        return;
      }
      const bps = Math.min(unreduced(data, target.overhead), target.most_bps);
      if (bps !== target.bps) self.postMessage({ id: data.id, target_bps: bps });
      target.bps = bps;
    }
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
  // estimate itself, which includes audio where there is transport-cc, is the upper limit.
  const unreduced = ({ target_bps, allowed_bps = Infinity }, overhead) => {
    const since = performance.now() - WINDOW_MS;
    while (overhead.length && overhead[0].at < since) overhead.shift();
    const overhead_bps = overhead.reduce((sum, { bytes }) => sum + bytes, 0) * 8000 / WINDOW_MS;
    const whole_bps = target_bps + Math.min(overhead_bps, target_bps);
    return Math.round(DESCRIPTORS * Math.min(whole_bps, allowed_bps));
  };

  // Chooses the clip's picture by the camera's clock, and its largest size. Sizes are in seconds of
  // the target bitrate, so that they mean the same when it changes.
  const sending = ({ id, most_bps }) => {
    let first = null, last = null, frame_s = 0, keys = 0, deltas = 0;
    let due_s = 0; // what could have been sent by now and was not
    let debt_s = 0, pace = 0; // owed after a key frame, and the part of each second that repays it
    const target = { bps: START_BPS, overhead: [], most_bps };
    targets.set(id, target);
    const next = (encoded, bank) => {
      const per_s = target.bps / 8;
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
      const wished_s = usual_s + (due_s - usual_s) * (since_s / REPAY_S);
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
    return (encoded, bank) => {
      const before = encoded.data.byteLength;
      const made = next(encoded, bank);
      target.overhead.push({ at: performance.now(), bytes: Math.max(0, made.length - before) });
      return made;
    };
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
      if (bank.codec !== "vp8") {
        if (facts.width) told(facts.width, facts.height);
      } else if (data.length === 10 && !(data[0] & 1)) {
        told(data[6] | ((data[7] & 0x3f) << 8), data[8] | ((data[9] & 0x3f) << 8));
      }
      const tiny = bank.tiny[count++ % bank.tiny.length];
      return padded(tiny, Math.max(tiny.length, frame.data.byteLength));
    };
  };

  // The bank that a stream's frames are from; null: none, frames are sent as they are.
  let count = 0;
  const codecOf = (options, { mimeType = "video/vp8", payloadType }) => {
    if (mimeType.toLowerCase() === "video/vp8") return "vp8";
    const question = count++;
    self.postMessage({ question, id: options.id, side: options.side, mimeType, payloadType });
    return new Promise((resolve) => questions.set(question, resolve));
  };

  self.onrtctransform = ({ transformer: { options, readable, writable } }) => {
    const next = options.side === "sender" ? sending(options) : receiving(options);
    let facts = null, kind = "", bank = null;
    const looked = async (frame) => {
      facts = frame.getMetadata();
      const now = `${facts.mimeType} ${facts.payloadType}`;
      if (now === kind) return;
      kind = now;
      const codec = await codecOf(options, facts);
      bank = codec && await bankOf(codec);
    };
    // Read and written by hand: a TransformStream between two pipes needs several times as many turns.
    const reader = readable.getReader(), writer = writable.getWriter();
    const pump = async () => {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        // A codec changes only at a key frame; asking at each frame would cost more than all the rest.
        if (facts === null || value.type === "key") await looked(value);
        if (bank) value.data = next(value, bank, facts).buffer;
        writer.write(value).catch(() => {});
      }
    };
    pump().catch(() => {});
  };
}
