// Drives the worker of light probes (`code`, light_worker.js) by a clock of its own, as fast as it can:
// (code, layers, codec, bank in base64) => what it does with a stream of made frames.
({ code, layers, codec, bank }) => {
  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const textOf = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const mimeType = `video/${codec.toUpperCase()}`;

  const started = (clock) => {
    const self = {
      asked: 0, // for key frames
      postMessage: ({ question, ssrc, key }) => {
        if (key) self.asked += 1;
        if (question === undefined) return;
        queueMicrotask(() => self.onmessage({ data: { question, codec, index: ssrc } }));
      },
    };
    const performance = { now: () => clock.ms };
    new Function("self", "performance", `(${code})({ clock_hz: 90000 }, (${layers})())`)(self, performance);
    self.onmessage({ data: { codec, bank: new Blob([bytesOf(bank)]) } });
    return self;
  };

  // What comes of `frames`, [ms, type, bytes or base64, layer, temporal layer][], and `said`, [ms, message][],
  // in their order: of each frame what is sent, null for none, and how often key frames were asked for.
  return async ({ options, frames, said = [] }) => {
    const clock = { ms: 0 };
    const self = started(clock);
    const made = frames.map(() => null);
    let coming = 0;
    const read = async () => {
      if (coming === frames.length) return { done: true };
      const number = coming++;
      const [ms, type, data, layer = 0, temporalIndex = 0] = frames[number];
      clock.ms = ms;
      while (said.length && said[0][0] <= ms) self.onmessage({ data: said.shift()[1] });
      const buffer = typeof data === "string" ? bytesOf(data).buffer : new ArrayBuffer(data);
      const getMetadata = () => ({
        mimeType, payloadType: 102, width: 640, height: 480, synchronizationSource: layer, temporalIndex,
      });
      const timestamp = Math.round(ms * 90) % 2 ** 32;
      return { value: { number, type, timestamp, data: buffer, getMetadata } };
    };
    const ended = new Promise((resolve) => {
      const reader = { read: async () => { const next = await read(); if (next.done) resolve(); return next; } };
      const write = async ({ number, data }) => { made[number] = textOf(new Uint8Array(data)); };
      self.onrtctransform({
        transformer: {
          options, readable: { getReader: () => reader }, writable: { getWriter: () => ({ write }) },
        },
      });
    });
    await ended;
    return { made, asked: self.asked };
  };
}
