// Drives the worker of light probes (`code`, light_worker.js) by a clock of its own, as fast as it can:
// (code, layers, codec, bank in base64) => what it does with a stream of made frames.
({ code, layers, codec, bank }) => {
  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const textOf = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const mimeType = `video/${codec.toUpperCase()}`;

  const started = (clock) => {
    const self = {
      asked: 0, // for key frames
      lost: [], // why frames were, as it says
      postMessage: ({ question, ssrc, key, lost }) => {
        if (key) self.asked += 1;
        if (lost) self.lost.push(lost);
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
  // `broken`: read or write, which fails from the second frame on.
  return async ({ options, frames, said = [], broken = null }) => {
    const clock = { ms: 0 };
    const self = started(clock);
    const made = frames.map(() => null);
    let coming = 0;
    const read = async () => {
      if (coming === frames.length) return { done: true };
      const number = coming++;
      if (broken === "read" && number > 0) throw new TypeError("no frame");
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
      const next = async () => { const each = await read(); if (each.done) resolve(); return each; };
      const reader = { read: () => next().catch((error) => { setTimeout(resolve); throw error; }) };
      const write = async ({ number, data }) => {
        if (broken === "write" && number > 0) throw new TypeError("no frame");
        made[number] = textOf(new Uint8Array(data));
      };
      self.onrtctransform({
        transformer: {
          options, readable: { getReader: () => reader }, writable: { getWriter: () => ({ write }) },
        },
      });
    });
    await ended;
    return { made, asked: self.asked, lost: self.lost };
  };
}
