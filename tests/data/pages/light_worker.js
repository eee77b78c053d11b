// Drives the worker of light probes (`code`, light_worker.js) by a clock of its own, as fast as it can:
// (code, codec, bank in base64) => what it does with a stream of made frames.
({ code, codec, bank }) => {
  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const textOf = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const mimeType = `video/${codec.toUpperCase()}`;

  const started = (clock) => {
    const self = {
      postMessage: ({ question }) => {
        if (question !== undefined) queueMicrotask(() => self.onmessage({ data: { question, codec } }));
      },
    };
    const performance = { now: () => clock.ms };
    new Function("self", "performance", `(${code})({ clock_hz: 90000 })`)(self, performance);
    self.onmessage({ data: { codec, bank: new Blob([bytesOf(bank)]) } });
    return self;
  };

  // What comes of `frames`, [ms, type, bytes or base64][], and `said`, [ms, message][], in their order.
  return async ({ options, frames, said = [] }) => {
    const clock = { ms: 0 };
    const self = started(clock);
    const made = [];
    let coming = 0;
    const read = async () => {
      if (coming === frames.length) return { done: true };
      const [ms, type, data] = frames[coming++];
      clock.ms = ms;
      while (said.length && said[0][0] <= ms) self.onmessage({ data: said.shift()[1] });
      const buffer = typeof data === "string" ? bytesOf(data).buffer : new ArrayBuffer(data);
      const getMetadata = () => ({ mimeType, payloadType: 102, width: 640, height: 480 });
      return { value: { type, timestamp: Math.round(ms * 90) % 2 ** 32, data: buffer, getMetadata } };
    };
    const ended = new Promise((resolve) => {
      const reader = { read: async () => { const next = await read(); if (next.done) resolve(); return next; } };
      const write = async ({ data }) => { made.push(textOf(new Uint8Array(data))); };
      self.onrtctransform({
        transformer: {
          options, readable: { getReader: () => reader }, writable: { getWriter: () => ({ write }) },
        },
      });
    });
    await ended;
    return made;
  };
}
