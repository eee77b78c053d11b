// What a light probe receives (light_codec.js): tiny pictures in the place of each video's frames.
//
// Returns {lighten, foresee, onMessage, known}: to make a receiver light, to have its prepared frames in
// time, to take a message of the worker, and, of a statistic, the members that replace the browser's.
({ noteLost, codecOf, delivered, transform }) => {
  const sizes = new Map(); // track identifier of what is received -> {frameWidth, frameHeight}
  const receivers = new Map(); // the same -> RTCRtpReceiver
  const done = new WeakSet();

  const lighten = (receiver) => {
    if (done.has(receiver) || receiver.transform || receiver.track.kind !== "video") return;
    done.add(receiver);
    receivers.set(receiver.track.id, receiver);
    receiver.transform = transform({ side: "receiver", track: receiver.track.id });
  };

  // A receiver without them decodes its pictures in full, which changes nothing that is measured.
  const foresee = (receiver) => {
    const codec = codecOf(receiver.getParameters().codecs[0]);
    if (codec) delivered(codec).catch(() => {});
  };

  const onMessage = ({ track, size, lost }) => {
    if (size && track) sizes.set(track, size);
    if (lost) noteLost(receivers.get(track), lost);
  };

  const known = (stat) => sizes.get(stat.trackIdentifier) ?? null;

  return { lighten, foresee, onMessage, known };
}
