// The layers of a member's video: what it sends, and what it asks Janus for.

// By rid: scaleResolutionDownBy, and maxBitrate where `caps` is set.
const SCALES = { h: 1, m: 2, l: 4 };
export const CAPS = { h: 500_000, m: 200_000, l: 80_000 };

// Janus numbers layers of simulcast from the last one that is offered.
const SUBSTREAMS = { l: 0, m: 1, h: 2 };

// The sendEncodings of a video; null: one encoding.
export function sendEncodings({ simulcast, caps, svc }) {
  if (svc) return [{ scalabilityMode: svc }];
  if (!simulcast) return null;
  return Object.entries(SCALES).map(([rid, scaleResolutionDownBy]) => ({
    rid,
    scaleResolutionDownBy,
    active: simulcast.split(",").includes(rid),
    ...(caps && { maxBitrate: CAPS[rid] }),
  }));
}

// What is to be asked of Janus for a layer of this name.
export function asked(name) {
  const [, layer, spatial, temporal] = /^(?:([hml])|S(\d))(?:T(\d))?$/.exec(name);
  if (spatial) return { spatial_layer: Number(spatial), temporal_layer: Number(temporal) };
  return { substream: SUBSTREAMS[layer], temporal: Number(temporal ?? 2) };
}
