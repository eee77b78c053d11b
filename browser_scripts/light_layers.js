// The layers of a simulcast sender and their rates, as Chromium's own encoder has them (libwebrtc's
// simulcast.cc, encoder_stream_factory.cc and simulcast_rate_allocator.cc). The tiny pictures of a
// light probe get other rates than the camera's would: of theirs only the sum is used, and divided
// here as it is for pictures of true size.
//
// A layer is {index, active, temporal, scale, least_bps, usual_bps, most_bps}: below `least_bps` it is not sent,
// it gets more than `usual_bps` only where no higher one is sent. `temporal`: in temporal layers, too.
() => {
  const HYSTERESIS = 1.2; // more than `least_bps` by so much begins a layer
  const LOWEST_BPS = 30e3, TINY_USUAL_BPS = 150e3, TINY_MOST_BPS = 200e3; // below 320x180
  const FORMATS = [ // pixels, how many layers at most, kbit/s at most, usually, at least
    [1920 * 1080, 3, 5000, 4000, 800], [1280 * 720, 3, 2500, 2500, 600],
    [960 * 540, 3, 1200, 1200, 350],
    [640 * 360, 2, 700, 500, 150], [480 * 270, 2, 450, 350, 150], [320 * 180, 1, 200, 150, 30],
    [0, 1, 200, 150, 30],
  ];

  const formatOf = (pixels) => {
    const below = FORMATS.findIndex(([from]) => pixels >= from);
    if (below === 0) return FORMATS[0];
    const [up, down] = [FORMATS[below - 1], FORMATS[below]];
    const share = (up[0] - pixels) / (up[0] - down[0]);
    const between = (index) => up[index] * (1 - share) + down[index] * share;
    return [pixels, share < 0.1 ? up[1] : down[1], between(2), between(3), between(4)];
  };

  const byRate = (layers) => [...layers].sort((a, b) => a.most_bps - b.most_bps);
  const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

  // What is sent of encodings with a `scaleResolutionDownBy` each. A small camera has fewer layers than
  // encodings: Chromium then leaves out the last ones. `limit_bps`: of the answer's b= line.
  const layersOf = (encodings, { width, height }, limit_bps = 0) => {
    const required = encodings.findIndex(({ active }) => active !== false) + 1;
    const count = Math.max(required, formatOf(width * height)[1]);
    const layers = encodings.slice(0, count).map((encoding, index) => {
      const scale = encoding.scaleResolutionDownBy;
      const [, , most, usual, least] = formatOf(Math.floor(width / scale) * Math.floor(height / scale));
      const most_bps = encoding.maxBitrate ?? most * 1e3;
      const wished_bps = encoding.maxBitrate ? Math.max(usual * 1e3, most_bps * 3 / 4) : usual * 1e3;
      const least_bps = Math.min(least * 1e3, most_bps);
      const usual_bps = Math.max(Math.min(wished_bps, most_bps), least_bps);
      const active = encoding.active !== false;
      return { index, active, temporal: true, scale, least_bps, usual_bps, most_bps };
    });
    const last = layers.at(-1);
    const rest_bps = limit_bps - sum(layers.slice(0, -1).map(({ most_bps }) => most_bps));
    if (!encodings[last.index].maxBitrate) last.most_bps = Math.max(last.most_bps, rest_bps);
    const [lowest, ...higher] = byRate(layers);
    const first = lowest.active ? null : higher.find(({ active }) => active);
    if (first) first.least_bps = lowest.least_bps;
    return layers;
  };

  // The limit for each layer's tiny picture. All layers have to be encoded before they are due, while
  // Chromium sees half of the rate (light_worker.js), and together must be allowed what they may send.
  const tinyLimits = (layers) => {
    const sent = byRate(layers.filter(({ active }) => active));
    const limits = layers.map(() => LOWEST_BPS);
    let given_bps = 0, due_bps = 0;
    for (const [rank, { index, usual_bps }] of sent.slice(0, -1).entries()) {
      due_bps += usual_bps;
      const room_bps = 0.45 * (due_bps + sent[rank + 1].least_bps) - LOWEST_BPS - given_bps;
      const usual = Math.max(LOWEST_BPS, Math.min(TINY_USUAL_BPS, room_bps));
      given_bps += usual;
      limits[index] = Math.round((usual === TINY_USUAL_BPS ? TINY_MOST_BPS : usual) + rank * 1e3);
    }
    if (sent.length) {
      const { index } = sent.at(-1);
      const others_bps = sum(sent.slice(0, -1).map((layer) => limits[layer.index]));
      limits[index] = Math.round(sum(sent.map(({ most_bps }) => most_bps)) - others_bps);
    }
    return limits;
  };

  // Divides a rate: {bps, padding_bps, on, top, filled}: the rates by index, and what Chromium fills up
  // with padding, to learn whether there is room for one more layer: here the layer `filled`, the lowest.
  // `on` has the layers that are sent, of which `top` is the highest; null at first.
  const divided = (total_bps, layers, on) => {
    const bps = layers.map(() => 0), now = new Set();
    const sent = byRate(layers.filter(({ active }) => active));
    if (sent.length === 0) return { bps, padding_bps: 0, on: now, top: null, filled: null };
    const start_bps = (layer) => Math.min(HYSTERESIS * layer.least_bps, layer.usual_bps);
    let left_bps = Math.max(total_bps, sent[0].least_bps), top = null;
    for (const layer of sent) {
      const goesOn = on === null || on.has(layer.index);
      if (left_bps < (goesOn ? layer.least_bps : start_bps(layer)) && top) break;
      now.add(layer.index);
      bps[layer.index] = Math.min(left_bps, layer.usual_bps);
      left_bps -= bps[layer.index];
      top = layer;
    }
    bps[top.index] += Math.min(left_bps, top.most_bps - bps[top.index]);
    const wanted_bps = sum(sent.slice(0, -1).map(({ usual_bps }) => usual_bps)) + start_bps(sent.at(-1));
    const filled_bps = sent.length > 1 ? Math.min(total_bps, wanted_bps) : 0;
    const padding_bps = Math.max(0, filled_bps - sum(bps));
    return { bps, padding_bps, on: now, top: top.index, filled: sent[0].index };
  };

  return { layersOf, tinyLimits, divided };
}
