// What a light probe's worker does with each encoded frame, sent and received; light_codec.js starts
// it and says why. A message to it is the bank, or what a sender's target has become; a message from
// it is such a target, a received picture's true size, a codec of which there are no frames, or why
// the bank cannot be read.
(constants) => {
  const FLOOR = 0.3, CEILING = 3, REPAY_S = 0.5, START_BPS = 300000;
  const WINDOW_MS = 1000, DESCRIPTORS = 0.97;
  const targets = new Map(); // id -> the encoder's target, then what it means for us
  let bank = null;
  let ready;
  const loaded = new Promise((resolve) => { ready = resolve; });

  const read = async (file) => {
    const whole = await file.arrayBuffer();
    const length = new DataView(whole).getUint32(0, true);
    const places = JSON.parse(new TextDecoder().decode(new Uint8Array(whole, 4, length)));
    const bytes = new Uint8Array(whole, 4 + length);
    const frame = ([offset, size]) => bytes.subarray(offset, offset + size);
    bank = {
      key: frame(places.key), skip: frame(places.skip), tiny: frame(places.tiny),
      frames: places.frames.map((rungs) => rungs.map(frame)), frame_rate: places.frame_rate,
    };
  };

  self.onmessage = ({ data }) => {
    if (data.bank === null) {
      ready();
    } else if (data.bank) {
      read(data.bank).catch(({ message }) => self.postMessage({ unread: message })).finally(ready);
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
    return made.buffer;
  };

  // Chromium takes all that a transform adds for overhead of packetizing, takes that off the
  // encoder's target, at most half of it (libwebrtc's RtpVideoSender), and we add nearly all. What
  // a real encoder would be left with: the whole, less the few bytes of a packet's descriptor. Where
  // the estimate stands still (no transport-cc), what was taken off is what was added a while ago:
  // the estimate itself, which is for audio too where transport-cc is, bounds the whole.
  const unreduced = ({ target_bps, allowed_bps = Infinity }, overhead) => {
    const since = performance.now() - WINDOW_MS;
    while (overhead.length && overhead[0].at < since) overhead.shift();
    const overhead_bps = overhead.reduce((sum, { bytes }) => sum + bytes, 0) * 8000 / WINDOW_MS;
    const whole_bps = target_bps + Math.min(overhead_bps, target_bps);
    return Math.round(DESCRIPTORS * Math.min(whole_bps, allowed_bps));
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
