// Leaves received audio unplayed: an element that shows video gets only its stream's video tracks.
// Packets still arrive, are counted and reported to the sender, but nothing takes them out of the
// jitter buffer, decodes or mixes them. The page reads back the stream that it set. An element with
// audio alone would never begin to play without it: its audio is played until the stream has video.
//
// Returns for poll_stats.js (stat) => members whose values have no meaning then, or null.
// Reports once, through `send`, that received audio is not played: {message: "audio", played: false}.
(send) => {
  const native = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "srcObject");
  const pictures = new WeakMap(); // a page's stream -> the same without its audio
  const given = new WeakMap(); // element -> the page's stream, where it shows another
  const heard = new WeakMap(); // a stream without video yet -> elements that play it

  const mirrored = (stream) => {
    if (!pictures.has(stream)) pictures.set(stream, new MediaStream(stream.getVideoTracks()));
    return pictures.get(stream);
  };
  const give = (element, stream) => {
    const silent = stream instanceof MediaStream && stream.getVideoTracks().length > 0;
    if (silent) given.set(element, stream);
    else given.delete(element);
    native.set.call(element, silent ? mirrored(stream) : stream);
  };

  const watched = new WeakSet();
  const watch = (stream) => {
    if (watched.has(stream)) return;
    watched.add(stream);
    stream.addEventListener("addtrack", ({ track }) => added(stream, track));
    stream.addEventListener("removetrack", ({ track }) => removed(stream, track));
  };
  const added = (stream, track) => {
    if (track?.kind !== "video") return;
    pictures.get(stream)?.addTrack(track);
    const elements = heard.get(stream) ?? [];
    heard.delete(stream);
    for (const element of elements.map((reference) => reference.deref())) {
      if (!element || native.get.call(element) !== stream) continue;
      const playing = !element.paused;
      give(element, stream);
      if (playing) element.play().catch(() => {}); // the page has stopped it meanwhile
    }
  };
  const removed = (stream, track) => track && pictures.get(stream)?.removeTrack(track);
  // No event is fired for tracks that the page itself adds or removes.
  for (const [name, done] of [["addTrack", added], ["removeTrack", removed]]) {
    MediaStream.prototype[name] = new Proxy(MediaStream.prototype[name], {
      apply(target, stream, args) {
        const made = Reflect.apply(target, stream, args);
        if (watched.has(stream)) done(stream, args[0]);
        return made;
      },
    });
  }

  Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
    ...native,
    get: new Proxy(native.get, {
      apply: (target, element, args) => given.get(element) ?? Reflect.apply(target, element, args),
    }),
    set: new Proxy(native.set, {
      apply(_target, element, [stream]) {
        give(element, stream);
        if (!(stream instanceof MediaStream)) return;
        watch(stream);
        if (!given.has(element)) {
          heard.set(stream, [...(heard.get(stream) ?? []), new WeakRef(element)]);
        }
      },
    }),
  });

  // ---------------------------------------------------------------- what statistics do not have

  const OF_PLAYOUT = Object.fromEntries([
    "jitterBufferDelay", "jitterBufferTargetDelay", "jitterBufferMinimumDelay", "jitterBufferEmittedCount",
    "packetsDiscarded", "totalSamplesReceived", "totalSamplesDuration", "concealedSamples",
    "silentConcealedSamples", "concealmentEvents", "insertedSamplesForDeceleration",
    "removedSamplesForAcceleration", "audioLevel", "totalAudioEnergy", "totalProcessingDelay",
    "estimatedPlayoutTimestamp",
  ].map((member) => [member, undefined]));
  const taken = new Map(); // stat id -> samples that had been taken out of its buffer when last asked
  let told = false;
  return (stat) => {
    if (stat.type !== "inbound-rtp" || stat.kind !== "audio") return null;
    const samples = stat.totalSamplesReceived ?? 0;
    const played = samples > (taken.get(stat.id) ?? 0);
    taken.set(stat.id, samples);
    if (played) return null;
    if (!told && stat.packetsReceived > 0) {
      told = true;
      send(JSON.stringify({
        message: "audio", played: false, page_time_ms: performance.timeOrigin + performance.now(),
      }));
    }
    return OF_PLAYOUT;
  };
}
