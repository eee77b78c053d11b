// One RTCPeerConnection to the media server; ICE trickles. This side makes the offer, or answers
// those of the server.

import { text } from "./page.js";

const iceServers = () => (text("stun") ? [{ urls: `stun:${text("stun")}` }] : []);

export class Peer {
  #connection = new RTCPeerConnection({ iceServers: iceServers() });
  #signalling;
  #on;
  #send;
  #answers;
  #described = false;
  #found = []; // local candidates from before the description was sent
  #early = []; // remote candidates from before there was a remote description

  // `send`: a stream or null; `receive`: whether to ask for audio and video in return; `answers`:
  // whether the server makes the offers.
  // `on.stream(stream)`, `on.connected()`, `on.interrupted()`, `on.failed(reason)`.
  constructor(signalling, { send, receive, answers = false, on }) {
    this.#signalling = signalling;
    this.#on = on;
    this.#send = send;
    this.#answers = answers;
    const connection = this.#connection;
    if (!answers) this.#prepare(receive);
    const remote = new MediaStream(); // Kurento's answer names no stream
    connection.addEventListener("track", ({ track }) => {
      remote.addTrack(track);
      if (!answers) on.stream?.(remote);
    });
    connection.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate?.candidate) {
        this.#found.push(candidate.toJSON());
        this.#trickle();
      }
    });
    connection.addEventListener("connectionstatechange", () => {
      switch (connection.connectionState) {
        case "connected":
          return on.connected();
        case "disconnected":
          return on.interrupted?.();
        case "failed":
          return on.failed("No media connection to the server could be made, or it broke.");
      }
    });
  }

  // Send `message` with an offer in it; candidates follow.
  async offer(message) {
    await this.#connection.setLocalDescription();
    this.#signalling.send({ ...message, sdpOffer: this.#connection.localDescription.sdp });
    this.#described = true;
    this.#trickle();
  }

  // Answer an offer of the server's. `streams` say which m-line is whose: { mid, from, name };
  // `on.streams` gets a stream for each of these people: { from, name, stream }.
  async answerTo(sdp, streams) {
    const connection = this.#connection;
    await connection.setRemoteDescription({ type: "offer", sdp });
    const sent = connection.getSenders().map(({ track }) => track);
    for (const track of this.#send?.getTracks() ?? []) {
      if (!sent.includes(track)) connection.addTrack(track, this.#send);
    }
    await connection.setLocalDescription();
    this.#signalling.send({ id: "answer", sdpAnswer: connection.localDescription.sdp });
    this.#described = true;
    this.#trickle();
    this.#on.streams(this.#byPerson(streams));
  }

  async answer(sdp) {
    await this.#connection.setRemoteDescription({ type: "answer", sdp });
    await Promise.all(this.#early.splice(0).map((candidate) => this.candidate(candidate)));
  }

  async candidate(candidate) {
    if (this.#connection.remoteDescription) {
      await this.#connection.addIceCandidate(candidate);
    } else {
      this.#early.push(candidate);
    }
  }

  close() {
    this.#connection.close();
  }

  #prepare(receive) {
    const connection = this.#connection;
    for (const track of this.#send?.getTracks() ?? []) {
      const direction = receive ? "sendrecv" : "sendonly";
      connection.addTransceiver(track, { direction, streams: [this.#send] });
    }
    if (receive && !this.#send) {
      connection.addTransceiver("audio", { direction: "recvonly" });
      connection.addTransceiver("video", { direction: "recvonly" });
    }
  }

  #byPerson(streams) {
    const people = new Map();
    for (const { mid, receiver } of this.#connection.getTransceivers()) {
      const { from, name } = streams?.find((each) => each.mid === mid) ?? { from: "", name: "" };
      if (streams && !from) continue; // of somebody who has left
      if (!people.has(from)) people.set(from, { from, name, stream: new MediaStream() });
      people.get(from).stream.addTrack(receiver.track);
    }
    return [...people.values()];
  }

  #trickle() {
    if (this.#described) {
      for (const candidate of this.#found.splice(0)) {
        this.#signalling.send({ id: "onIceCandidate", candidate, offered: this.#answers });
      }
    }
  }
}
