// Leaves received audio unplayed: an element that shows video gets its stream's video tracks only.
// Packets still arrive, are counted and reported to the sender; nothing takes them out of the jitter
// buffer, decodes or mixes them. The page reads back the stream that it gave. An element of audio
// alone is left as it is, for it would never begin to play: that audio is played.
//
// Returns what poll_stats.js must not tell then: (stat) => members that have no meaning, or null.
() => {
  const native = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "srcObject");
  const pictures = new WeakMap(); // a page's stream -> the same without its audio
  const given = new WeakMap(); // element -> the page's stream, where it shows another

  const mirrored = (stream) => {
    if (!pictures.has(stream)) {
      const silent = new MediaStream(stream.getVideoTracks());
      pictures.set(stream, silent);
      stream.addEventListener("addtrack", ({ track }) => track.kind === "video" && silent.addTrack(track));
      stream.addEventListener("removetrack", ({ track }) => silent.removeTrack(track));
    }
    return pictures.get(stream);
  };
  for (const [name, wanted] of [["addTrack", (track) => track?.kind === "video"], ["removeTrack", () => true]]) {
    const method = MediaStream.prototype[name];
    MediaStream.prototype[name] = new Proxy(method, {
      apply(target, stream, args) {
        const done = Reflect.apply(target, stream, args);
        const silent = pictures.get(stream);
        if (silent && wanted(args[0])) Reflect.apply(target, silent, args);
        return done;
      },
    });
  }

  Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
    ...native,
    get: new Proxy(native.get, {
      apply: (target, element, args) => given.get(element) ?? Reflect.apply(target, element, args),
    }),
    set: new Proxy(native.set, {
      apply(target, element, [stream]) {
        const silent = stream instanceof MediaStream && stream.getVideoTracks().length > 0;
        if (silent) given.set(element, stream);
        else given.delete(element);
        return Reflect.apply(target, element, [silent ? mirrored(stream) : stream]);
      },
    }),
  });
}
