// One place in a call, room or broadcast: camera, signalling and peer connection together.

import { closeCamera, openCamera } from "./camera.js";
import { bandwidths, fail, note, play, show } from "./page.js";
import { Peer } from "./peer.js";
import { Signalling } from "./signalling.js";

export class Seat {
  #signalling = null;
  #stream = null;
  #peer = null;
  #handlers;
  #on;

  // `handlers` are the page's messages. `on.connected()` is called when media can flow,
  // `on.closed()`, if given, when the socket was given back or lost.
  constructor(handlers, on) {
    this.#on = on;
    this.#handlers = {
      iceCandidate: ({ candidate }) => this.#guard((peer) => peer.candidate(candidate)),
      serverGone: ({ message }) => this.fail(message),
      error: ({ message }) => this.fail(message),
      notice: ({ message }) => note(message),
      ...handlers,
    };
  }

  // Open the socket, if it is not.
  async connect() {
    note("");
    this.#signalling ??= await Signalling.open(this.#handlers, (reason) => {
      this.#signalling = null;
      this.fail(reason);
    });
  }

  async camera(size) {
    this.#stream ??= await openCamera(size);
    play("own", this.#stream);
  }

  say(message) {
    this.#signalling?.send(message);
  }

  // Offer media: `message` carries the offer. A peer connection from before is closed.
  async offer(message, { receive }) {
    this.hangUp({ camera: false });
    const peer = new Peer(this.#signalling, {
      send: this.#stream,
      receive,
      on: {
        stream: (stream) => play("remote", stream),
        connected: () => this.#on.connected(),
        interrupted: () => show("in_call", "The connection is interrupted…"),
        failed: (reason) => this.fail(reason),
      },
    });
    this.#peer = peer;
    try {
      await peer.offer({ ...message, properties: bandwidths() });
    } catch (error) {
      if (peer === this.#peer) throw error; // else it was hung up meanwhile
    }
  }

  answer(sdp) {
    this.#guard((peer) => peer.answer(sdp));
  }

  // Close the peer connection, and the camera unless it is needed again.
  hangUp({ camera = true } = {}) {
    this.#peer?.close();
    this.#peer = null;
    play("remote", null);
    if (camera) {
      closeCamera(this.#stream);
      this.#stream = null;
      play("own", null);
    }
  }

  // Give everything back; the page's state is the caller's business.
  leave() {
    this.say({ id: "stop" });
    this.#signalling?.close();
    this.#signalling = null;
    this.hangUp();
    this.#on.closed?.();
  }

  fail(reason) {
    this.leave();
    fail(reason);
  }

  // Run what a click or a message started; an exception becomes the page's error.
  async run(work) {
    try {
      await work();
    } catch (error) {
      this.fail(error.message);
    }
  }

  // What the server sent is for the peer connection of now; once that is closed it does not matter
  // any more what became of it.
  #guard(apply) {
    const peer = this.#peer;
    if (peer) {
      apply(peer).catch((error) => {
        if (peer === this.#peer) this.fail(`The browser refused what the server sent: ${error.message}`);
      });
    }
  }
}
