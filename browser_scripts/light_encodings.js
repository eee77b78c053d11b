// The encodings of a sender, as its page sets them and as a light probe gives them to Chromium instead.
// `own` are those that the page set; `camera` is {width, height}; `layers` are light_layers.js's.
(config, { layersOf, tinyLimits }) => {
  const SCALES = [1, 2, 4]; // of the camera's width to that of a prepared frame
  const LEAST_PIXELS = 16; // of a side: Chromium makes no smaller layer
  const MOST_BPS = [[320 * 240, 600e3], [640 * 480, 1700e3], [960 * 540, 2000e3], [Infinity, 2500e3]];

  const OPUS_BPS = 32e3, AUDIO_HEADERS_BPS = 17.6e3; // its usual target; 50 packets a second, 44 bytes each
  const WITH_HEADERS = 1 + 50 / 1150; // a packet of video with its headers, by one without

  // What the page set itself: it reads back nothing else.
  const ownOf = (encodings) => {
    const free = encodings.every(({ scaleResolutionDownBy }) => scaleResolutionDownBy === undefined);
    return encodings.map(({ active, maxBitrate, scaleResolutionDownBy, scalabilityMode }, index) => ({
      temporal: /^L1T[23]/.test(scalabilityMode),
      active,
      maxBitrate,
      scaleResolutionDownBy: scaleResolutionDownBy ?? (free ? 2 ** (encodings.length - 1 - index) : 1),
    }));
  };

  // Why a sender of these encodings cannot be light; null: it can.
  const obstacle = (encodings) => {
    const modes = encodings.map(({ scalabilityMode }) => scalabilityMode ?? "L1T1");
    const mode = modes.find((each) => !each.startsWith("L1T"));
    if (mode) return `no prepared frames for spatial layers (${mode})`;
    const toSize = encodings.some(({ scaleResolutionDownTo }) => scaleResolutionDownTo);
    if (toSize) return "scaleResolutionDownTo";
    if (encodings.length === 1) return null;
    const scales = ownOf(encodings).map((each) => each.scaleResolutionDownBy);
    const other = scales.find((each) => !SCALES.includes(each));
    return other === undefined ? null : `a simulcast layer with scaleResolutionDownBy ${other}`;
  };

  const layersFor = (own, camera, limit_bps) => {
    if (own.length > 1) return layersOf(own, camera, limit_bps);
    // Else Chromium limits the rate to one for the tiny picture; these are its limits for the camera's.
    const limit = MOST_BPS.find(([pixels]) => camera.width * camera.height <= pixels);
    const most_bps = own[0].maxBitrate ?? limit[1];
    const { temporal } = own[0];
    const rates = { least_bps: 0, usual_bps: most_bps, most_bps };
    return [{ index: 0, active: true, temporal, scale: 1, ...rates }];
  };

  // The encodings of the tiny pictures that are encoded instead.
  const tinied = (encodings, own, layers, camera) => {
    const limits = own.length > 1 ? tinyLimits(layers) : [layers[0].most_bps];
    const shrink = own.length > 1 ? shrinkOf(own, camera) : config.shrink;
    return encodings.map((encoding, index) => ({
      ...encoding,
      maxBitrate: limits[index] ?? limits[0],
      scaleResolutionDownBy: own[index].scaleResolutionDownBy * shrink,
    }));
  };

  // Of several layers exact fractions of each other, as the camera's are: else Chromium would use an
  // encoder for each layer, whose key frames come apart from the others'.
  const shrinkOf = (own, { width, height }) => {
    const scale = Math.max(...own.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy));
    for (let shrink = config.shrink; shrink > 1; shrink -= 1) {
      const sides = [width, height].map((side) => side / scale / shrink);
      if (sides.every((side) => Number.isInteger(side) && side >= LEAST_PIXELS)) return shrink;
    }
    return Math.max(1, Math.min(width, height) / scale / LEAST_PIXELS);
  };

  // The b= line of an m-line in an answer (RFC 8866, 5.8; RFC 3890), in bits/s; 0: none.
  const limitIn = (sdp, mid) => {
    const sections = sdp.split(/^m=/m);
    const section = sections.find((each) => each.split(/\r?\n/).includes(`a=mid:${mid}`)) ?? "";
    const [, kind, value] = /^b=(AS|TIAS):(\d+)/m.exec(section) ?? [];
    return kind ? Number(value) * (kind === "AS" ? 1000 : 1) : 0;
  };

  // What Chromium's allocation leaves a connection's only video of its estimate: less the audio, where that
  // has transport-cc, and less headers. Of several layers the sum of targets does not tell it: Chromium
  // lowers a target where an encoder makes more than it, and those of tiny pictures often do.
  const leftFor = (allowed_bps, audio_targets, sdp, limit_bps) => {
    const audio = sdp.split(/^m=/m).find((section) => section.startsWith("audio")) ?? "";
    const targets = audio.includes("transport-wide-cc") ? audio_targets : [];
    const audio_bps = targets.reduce((sum, bps = OPUS_BPS) => sum + bps + AUDIO_HEADERS_BPS, 0);
    return Math.max(0, Math.min((allowed_bps - audio_bps) / WITH_HEADERS, limit_bps || Infinity));
  };

  return { ownOf, obstacle, layersFor, tinied, limitIn, leftFor };
}
