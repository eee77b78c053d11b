// One WHIP or WHEP session (RFC 9725, draft-ietf-wish-whep-04).
//
// Trickling, as RFC 9725 4.6 has it: the offer is sent before it becomes the local description, so
// that ICE servers named by the answer count from the start; candidates follow by PATCH. Otherwise
// all candidates are in the offer.

import { Asking } from "./asking.js";
import { fragment } from "./fragment.js";
import { iceServers } from "./link.js";

const SDP = "application/sdp";
const FRAGMENT = "application/trickle-ice-sdpfrag";
const TOGETHER_MS = 20; // candidates that come within this go by one PATCH

export class Session {
  #asking;
  #connection;
  #url;
  #trickle;
  #on;
  #location = null;
  #etag = null;
  #found = [];
  #gathered = false;
  #timer = null;
  #patching = Promise.resolve();
  #left = false;

  // `who` is WHIP or WHEP; `prepare(connection)` adds what is sent or received. `on.connected()`,
  // `on.interrupted()`, `on.waiting(why)`, `on.notice(text)`.
  constructor(who, url, { token, trickle, prepare, on }) {
    this.#asking = new Asking(who, token);
    this.#url = url;
    this.#trickle = trickle;
    this.#on = on;
    this.#connection = this.#connect();
    prepare(this.#connection);
  }

  // Throws with a sentence where the end point refuses.
  async start() {
    const connection = this.#connection;
    const offer = await connection.createOffer();
    if (!this.#trickle) {
      await connection.setLocalDescription(offer);
      await gathered(connection);
    }
    const { sdp } = this.#trickle ? offer : connection.localDescription;
    const answer = await this.#asking.post(this.#url, SDP, sdp, {
      isOver: () => this.#left,
      waiting: (why) => this.#on.waiting(why),
    });
    this.#remember(answer);
    if (this.#left) return this.#end();
    if (answer.status === 406 && isSdp(answer)) return this.#counter(await answer.text());
    if (!answer.ok) throw new Error(await this.#asking.refusal(answer));
    if (!isSdp(answer)) {
      throw new Error(`${await this.#asking.refusal(answer)}, without an SDP answer`);
    }
    const servers = iceServers(answer.headers.get("Link"));
    if (this.#trickle) {
      const configuration = connection.getConfiguration();
      if (servers.length) connection.setConfiguration({ ...configuration, iceServers: servers });
      await connection.setLocalDescription(offer);
    } else if (servers.length) {
      const why = "which are used with app.trickle: true alone";
      this.#on.notice(`the end point named ICE servers, ${why}`);
    }
    await connection.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    this.#flush();
  }

  // End the session on the server, then here: a server that sees the connection close may have
  // forgotten the session. Throws where the server refuses.
  async leave() {
    this.#left = true;
    clearTimeout(this.#timer);
    try {
      await this.#end();
    } finally {
      this.#connection.close();
    }
  }

  #connect() {
    const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    connection.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate?.candidate) this.#found.push(candidate.candidate);
      if (this.#trickle) this.#timer ??= setTimeout(() => this.#flush(), TOGETHER_MS);
    });
    connection.addEventListener("icegatheringstatechange", () => {
      if (connection.iceGatheringState !== "complete") return;
      this.#gathered = true;
      if (this.#trickle) this.#flush();
    });
    connection.addEventListener("connectionstatechange", () => {
      if (connection.connectionState === "connected") this.#on.connected();
      if (["disconnected", "failed"].includes(connection.connectionState)) this.#on.interrupted();
    });
    return connection;
  }

  // A Location is relative to where the POST came to after redirects; `null`: the page sees none.
  #remember(answer) {
    if (!answer.ok && answer.status !== 406) return;
    const location = answer.headers.get("Location");
    this.#etag = answer.headers.get("ETag");
    this.#location = location === null ? null : new URL(location, answer.url).href;
    if (location === null) {
      const why = "the session cannot be ended by DELETE";
      this.#on.notice(`the answer has no Location that a page may read: ${why}`);
    }
  }

  // The draft's section 4.2: the server makes the offer; our answer goes to the session.
  async #counter(sdp) {
    this.#connection.close();
    this.#found = [];
    this.#trickle = false;
    this.#connection = this.#connect();
    this.#on.receiving(this.#connection);
    await this.#connection.setRemoteDescription({ type: "offer", sdp });
    await this.#connection.setLocalDescription();
    await gathered(this.#connection);
    if (this.#location === null) throw new Error("WHEP counter-offer (406) without a Location");
    const body = this.#connection.localDescription.sdp;
    const taken = await this.#asking.send("PATCH", this.#location, { type: SDP, body });
    if (!taken.ok) throw new Error(await this.#asking.refusal(taken));
  }

  // Send what was found since the last time, one PATCH after the other.
  #flush() {
    this.#timer = null;
    const { remoteDescription, localDescription } = this.#connection;
    if (!this.#trickle || !remoteDescription || this.#location === null || this.#left) return;
    const candidates = this.#found.splice(0);
    if (!candidates.length && !this.#gathered) return;
    const body = fragment(localDescription.sdp, candidates, this.#gathered);
    if (this.#gathered) this.#trickle = false; // that was the last one
    this.#patching = this.#patching
      .then(() => this.#patch(body))
      .catch(({ message }) => this.#on.notice(message));
  }

  async #patch(body) {
    const headers = this.#etag === null ? {} : { "If-Match": this.#etag };
    const request = { type: FRAGMENT, body, headers };
    const answer = await this.#asking.send("PATCH", this.#location, request);
    if (answer.ok) return;
    const why = await this.#asking.refusal(answer);
    const advice = "if media do not connect set app.trickle: false";
    this.#on.notice(`candidates were refused: ${why}; ${advice}`);
  }

  async #end() {
    const location = this.#location;
    this.#location = null;
    if (location === null) return;
    const answer = await this.#asking.send("DELETE", location, { keepalive: true });
    if (!answer.ok) throw new Error(await this.#asking.refusal(answer));
  }
}

const isSdp = (answer) => (answer.headers.get("Content-Type") ?? "").toLowerCase().startsWith(SDP);

function gathered(connection) {
  return new Promise((resolve) => {
    const look = () => connection.iceGatheringState === "complete" && resolve();
    connection.addEventListener("icegatheringstatechange", look);
    look();
  });
}
