// One partner of a room: the connection with it, whatever replaces that, and what is sent to it.
import { forAll, limits, withheld } from "/scripts/switches.js";

export class Partner {
  // `room`: { me, camera, screen, gives(kind), send, show, changed, fail }
  constructor(name, room) {
    Object.assign(this, { name, room, turn: Promise.resolve() });
    this.polite = room.me < name;
    this.connect(0);
  }

  get connected() {
    return this.connection.connectionState === "connected";
  }

  // Connections between the same two are numbered: what is late for an earlier one is dropped.
  connect(number) {
    const connection = new RTCPeerConnection();
    const { room } = this;
    Object.assign(this, { connection, number, senders: {}, sends: false, offering: false, ignoring: false });
    connection.onicecandidate = ({ candidate }) => candidate && room.send({ number, candidate });
    connection.onconnectionstatechange = room.changed;
    connection.ontrack = ({ streams: [stream] }) => stream && room.show(stream);
    connection.onnegotiationneeded = () => this.offer(connection, number).catch(room.fail);
  }

  // Another connection in the place of this one.
  startAgain(number = this.number + 1) {
    this.connection.close();
    this.connect(number);
    this.sendMedia();
  }

  async offer(connection, number) {
    try {
      this.offering = true;
      await connection.setLocalDescription();
      this.room.send({ number, description: connection.localDescription });
    } finally {
      this.offering = false;
    }
  }

  receive(message) {
    this.turn = this.turn.then(() => this.take(message)).catch(this.room.fail);
  }

  async take({ number, description, candidate }) {
    if (number < this.number) return;
    if (number > this.number) {
      this.connection.close();
      this.connect(number);
    }
    const { connection } = this;
    if (candidate) {
      await connection.addIceCandidate(candidate).catch((error) => { if (!this.ignoring) throw error; });
      return;
    }
    const offered = description.type === "offer";
    const collision = offered && (this.offering || connection.signalingState !== "stable");
    this.ignoring = collision && !this.polite;
    if (this.ignoring) return;
    if (!this.sends) this.sendMedia();
    await connection.setRemoteDescription(withLayers(description, connection.localDescription));
    if (!offered) return;
    await connection.setLocalDescription();
    this.room.send({ number, description: connection.localDescription });
  }

  sendMedia() {
    this.sends = true;
    const { connection, room: { me, camera, screen, gives } } = this;
    for (const track of screen?.getTracks() ?? []) {
      if (gives("screen") && !withheld(me, this.name, "screen")) connection.addTrack(track, screen);
    }
    for (const track of camera.getTracks()) {
      if (!gives(track.kind) || withheld(me, this.name, track.kind)) continue;
      this.senders[track.kind] = track.kind === "video" && forAll("simulcast")
        ? this.sendLayers(track)
        : connection.addTrack(track, camera);
    }
    this.limit(limits(me, this.name)).catch(this.room.fail);
    if (forAll("unused")) connection.addTransceiver("video", { direction: "sendonly" });
  }

  sendLayers(track) {
    const sendEncodings = [{ rid: "q" }, { rid: "h", active: false }, { rid: "f", active: false }];
    const streams = [this.room.camera];
    return this.connection.addTransceiver(track, { direction: "sendonly", streams, sendEncodings }).sender;
  }

  // Hold the video to these parameters of its first encoding.
  async limit(encoding) {
    if (!this.senders.video) return;
    const parameters = this.senders.video.getParameters();
    Object.assign(parameters.encodings[0], encoding);
    await this.senders.video.setParameters(parameters);
  }

  // The camera goes on in a media section of its own.
  move() {
    const { connection, room: { camera } } = this;
    const track = this.senders.video.track;
    connection.removeTrack(this.senders.video);
    const made = connection.addTransceiver(track, { direction: "sendonly", streams: [camera] });
    this.senders.video = made.sender;
  }
}

// Chromium asks nobody for layers, but sends them to whom asks: the answer is made to. What is
// paused in the offer ("~") stays so: an answer without it would set the layer going.
function withLayers({ type, sdp }, offered) {
  if (type !== "answer") return { type, sdp };
  const offers = offered.sdp.split(/^(?=m=)/m);
  const sections = sdp.split(/^(?=m=)/m).map((section, index) => {
    const rids = offers[index].match(/^a=simulcast:send (\S+)/m)?.[1].split(";");
    if (!rids || section.includes("a=simulcast:recv")) return section;
    const [extension] = offers[index].match(/^a=extmap:\d+ urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n/m);
    return section + (section.includes(extension) ? "" : extension) +
      rids.map((rid) => `a=rid:${rid.replace("~", "")} recv\r\n`).join("") + `a=simulcast:recv ${rids.join(";")}\r\n`;
  });
  return { type, sdp: sections.join("") };
}
