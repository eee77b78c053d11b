// One RTCPeerConnection to the media server; this side always makes the offer, ICE trickles.

import { text } from "./page.js";

const iceServers = () => (text("stun") ? [{ urls: `stun:${text("stun")}` }] : []);

export class Peer {
  #connection = new RTCPeerConnection({ iceServers: iceServers() });
  #signalling;
  #offered = false;
  #found = []; // local candidates from before the offer was sent
  #early = []; // remote candidates from before the answer came

  // `send`: a stream or null; `receive`: whether to ask for audio and video in return.
  // `on.stream(stream)`, `on.connected()`, `on.interrupted()`, `on.failed(reason)`.
  constructor(signalling, { send, receive, on }) {
    this.#signalling = signalling;
    const connection = this.#connection;
    for (const track of send?.getTracks() ?? []) {
      const direction = receive ? "sendrecv" : "sendonly";
      connection.addTransceiver(track, { direction, streams: [send] });
    }
    if (receive && !send) {
      connection.addTransceiver("audio", { direction: "recvonly" });
      connection.addTransceiver("video", { direction: "recvonly" });
    }
    const remote = new MediaStream(); // Kurento's answer names no stream
    connection.addEventListener("track", ({ track }) => {
      remote.addTrack(track);
      on.stream?.(remote);
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
    this.#offered = true;
    this.#trickle();
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

  #trickle() {
    if (this.#offered) {
      for (const candidate of this.#found.splice(0)) {
        this.#signalling.send({ id: "onIceCandidate", candidate });
      }
    }
  }
}
