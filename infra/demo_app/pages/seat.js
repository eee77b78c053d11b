// One place in a call, room or broadcast: camera, signalling and peer connection together.

import { closeCamera, openCamera } from "./camera.js";
import { bandwidths, element, fail, note, play, playOthers, show } from "./page.js";
import { Peer } from "./peer.js";
import { Signalling } from "./signalling.js";

export class Seat {
  #signalling = null;
  #stream = null;
  #peer = null;
  #answering = null; // the connection that the server offers, if it does
  #handlers;
  #on;

  // `handlers` are the page's messages. `on.connected()` is called when media can flow,
  // `on.closed()`, if given, when the socket was given back or lost.
  constructor(handlers, on) {
    this.#on = on;
    this.#handlers = {
      offer: (message) => this.#take(message),
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

  // Whether the media server makes the offer to a page that is called, or only receives.
  get offers() {
    return this.#signalling.offers;
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
      on: this.#watching({ connected: () => this.#on.connected() }),
    });
    this.#peer = peer;
    try {
      await peer.offer({ ...message, properties: bandwidths() });
    } catch (error) {
      if (peer === this.#peer) throw error; // else it was hung up meanwhile
    }
  }

  // Take part in what others began: `message` carries an offer, unless the server makes it.
  async join(message) {
    if (this.offers) {
      this.hangUp({ camera: false });
      this.say({ ...message, properties: bandwidths() });
    } else {
      await this.offer(message, { receive: true });
    }
  }

  answer(sdp) {
    this.#guard((peer) => peer.answer(sdp));
  }

  // Close the peer connection, and the camera unless it is needed again.
  hangUp({ camera = true } = {}) {
    this.#peer?.close();
    this.#answering?.close();
    this.#peer = this.#answering = null;
    play("remote", null);
    if (element("others")) playOthers([]);
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

  // The server offers a connection, or a change of it. What is not sent yet is sent by it.
  async #take({ sdpOffer, streams }) {
    const alone = !this.#peer;
    const peer = (this.#answering ??= new Peer(this.#signalling, {
      send: alone ? this.#stream : null,
      answers: true,
      on: this.#watching({
        streams: (people) => (element("others") ? playOthers(people) : play("remote", people[0]?.stream)),
        connected: () => alone && this.#on.connected(),
      }),
    }));
    try {
      await peer.answerTo(sdpOffer, streams);
    } catch (error) {
      if (peer === this.#answering) this.fail(`The browser refused what the server sent: ${error.message}`);
    }
  }

  #watching(more) {
    return {
      stream: (stream) => play("remote", stream),
      interrupted: () => show("in_call", "The connection is interrupted…"),
      failed: (reason) => this.fail(reason),
      ...more,
    };
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
