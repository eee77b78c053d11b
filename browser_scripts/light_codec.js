// Saves a page the work of encoding and decoding; a server sees no difference. Sending: the camera is
// captured at its own size and rate, a tiny picture of it is encoded, and each encoded frame's payload
// is replaced by a prepared frame of the clip, as large as the congestion control's target allows.
// Receiving: each frame's payload is replaced by a tiny picture, padded to its former length; the true
// size is reported. ICE, DTLS, SRTP, RTCP, pacing and jitter buffer stay Chromium's.
//
// It works with each way to add media (addTrack, addTransceiver, a remote offer, old-style
// createOffer): after each such call all transceivers are checked. A page's own transforms are kept.
// A sender that cannot be light stays full, and `send` reports why: {message: "fidelity", ...}. So it
// does when the browser refuses what makes an encoder's pictures tiny; where it took that, and refuses
// what makes them full again, the sender's fidelity is "tiny", since its tiny pictures go out as they are.
// It is "lost", as is a receiver's, where frames do not come through the worker.
//
// `workerCode` (of light_worker.js) does the work on each frame, in a worker. `sendersOf` is
// light_senders.js, `receiversOf` light_receivers.js, `encodingsOf` light_encodings.js's, `banks`
// light_banks.js's. Returns for poll_stats.js (stat, report) => members that replace the browser's.
(config, send, workerCode, sendersOf, receiversOf, encodingsOf, banks) => {
  const Connection = window.RTCPeerConnection;
  if (!Connection || !window.RTCRtpScriptTransform) return () => null;

  const now = () => performance.timeOrigin + performance.now();
  const say = (facts) => send(JSON.stringify({ message: "fidelity", page_time_ms: now(), ...facts }));

  // ---------------------------------------------------------------- the worker and its prepared frames

  let worker = null;
  const started = () => {
    if (worker) return worker;
    worker = new Worker(URL.createObjectURL(new Blob([workerCode], { type: "text/javascript" })));
    worker.onmessage = ({ data }) => {
      if (data.unread) senders.unread(data.unread);
      if (data.question !== undefined) answer(data);
      senders.onMessage(data);
      receivers.onMessage(data);
    };
    delivered("vp8").catch(({ message }) => senders.unread(message)); // ahead of time: most calls need it
    return worker;
  };
  const delivered = (bank) => banks.delivered(bank, started());

  const CODECS = { "video/vp8": "vp8", "video/h264": "h264" };
  const codecOf = (codec) => CODECS[codec?.mimeType.toLowerCase()];

  // Which layer a stream is, and which bank its frames are from.
  const answer = async (asked) => {
    const isSent = asked.side === "sender";
    const wanted = isSent ? await senders.bankFor(asked) : { codec: codecOf(asked) ?? null, index: 0 };
    let { codec } = wanted;
    if (codec !== null) codec = await delivered(codec).then(() => codec, () => null);
    worker.postMessage({ question: asked.question, codec, index: wanted.index });
    if (codec === null && isSent) senders.unprepared(asked.id, wanted.reason);
  };

  // ---------------------------------------------------------------- finding senders and receivers

  const owners = new WeakMap(); // RTCRtpSender or RTCRtpReceiver -> its connection
  const connectionOf = (half) => owners.get(half);
  // What is closed or stopped sends nothing any more: that it takes no parameters is no refusal. `half`:
  // a sender or a receiver.
  const isOver = (half) => {
    const connection = connectionOf(half);
    if (connection?.signalingState === "closed") return true;
    const transceiver = connection?.getTransceivers().find(
      ({ sender, receiver }) => [sender, receiver].includes(half));
    return !transceiver || transceiver.currentDirection === "stopped" || transceiver.direction === "stopped";
  };
  const noteLost = (half, reason) => {
    if (half && !isOver(half)) say({ fidelity: "lost", reason });
  };

  const shared = {
    now, say, noteLost, isOver, connectionOf, codecOf, delivered,
    post: (message) => worker.postMessage(message),
    transform: (options) => new RTCRtpScriptTransform(started(), options),
  };
  const senders = sendersOf(config, shared, encodingsOf);
  const receivers = receiversOf(shared);

  const listening = new WeakSet();
  const sweep = (connection) => {
    if (!listening.has(connection)) {
      listening.add(connection);
      connection.addEventListener("track", ({ receiver }) => {
        owners.set(receiver, connection);
        receivers.lighten(receiver);
      });
    }
    if (connection.signalingState === "closed") return;
    const agreed = connection.signalingState === "stable";
    for (const { sender, receiver } of connection.getTransceivers()) {
      owners.set(sender, connection).set(receiver, connection);
      senders.lighten(sender);
      receivers.lighten(receiver);
      if (agreed) senders.checkAgreed(sender);
      if (agreed && worker) {
        senders.foresee(sender);
        receivers.foresee(receiver);
      }
    }
  };
  for (const name of [
    "addTrack", "addTransceiver", "addStream", "createOffer", "createAnswer",
    "setRemoteDescription", "setLocalDescription",
  ]) {
    const native = Connection.prototype[name];
    if (!native) continue;
    Connection.prototype[name] = new Proxy(native, {
      apply(target, connection, args) {
        const made = Reflect.apply(target, connection, args);
        sweep(connection);
        // Before the page's own continuation: later would miss a receiver's first frames.
        return made instanceof Promise ? made.then((value) => { sweep(connection); return value; }) : made;
      },
    });
  }
  const nativeReplace = RTCRtpSender.prototype.replaceTrack;
  RTCRtpSender.prototype.replaceTrack = new Proxy(nativeReplace, {
    apply(target, sender, args) {
      const replaced = Reflect.apply(target, sender, args);
      return replaced.then((value) => { senders.lighten(sender); return value; });
    },
  });

  return (stat, report) => {
    if (stat.kind !== "video") return null;
    if (stat.type === "outbound-rtp") return senders.known(stat, report);
    if (stat.type === "inbound-rtp") return receivers.known(stat);
    return null;
  };
}
