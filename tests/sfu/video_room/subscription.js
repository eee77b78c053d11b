// One connection by which a member receives from one publisher or several.

// Janus asks the publisher for a key frame at each "switch" and each "send: true". A Chromium ignores
// what it is asked within 300 ms of a request that it obeyed, such as for another viewer who switched
// just before; without a second request this viewer's picture would stand for 3 s, until its own
// Chromium asks. One that comes later than these 300 ms is enough: if it is ignored, too, the key frame
// of the request before it came after the switch.
const ASK_AGAIN_MS = 400;

export class Subscription {
  // `room`: { name, session, changed, show, fail, atFirst(publisher), onData }
  constructor(room) {
    Object.assign(this, { room, turn: Promise.resolve(), waiting: 0, streams: [] });
  }

  // Whether there is nothing more to come.
  get connected() {
    return this.waiting === 0 && (!this.connection || this.connection.connectionState === "connected");
  }

  // Receive these streams of publishers too: [{ feed, mid, kind }].
  add(streams) {
    if (streams.length) this.afterwards(() => this.subscribe(streams));
  }

  afterwards(work) {
    const { room: { changed, fail } } = this;
    this.waiting += 1;
    this.turn = this.turn.then(work).catch(fail).finally(() => {
      this.waiting -= 1;
      changed();
    });
  }

  async subscribe(wanted) {
    const { room } = this;
    const streams = wanted.map(({ feed, mid, kind }) => ({
      feed, mid, ...(kind === "video" && room.atFirst(feed)) }));
    if (this.handle) {
      const { data, jsep } = await this.handle.ask({ request: "subscribe", streams });
      await this.negotiate(data, jsep);
      return;
    }
    this.handle = await room.session.attach((data, jsep) => {
      if (jsep) this.afterwards(() => this.negotiate(data, jsep));
    });
    this.connection = this.handle.connection(room.changed);
    if (room.onData) {
      this.connection.createDataChannel("JanusDataChannel"); // Janus waits for one before it opens others
      this.connection.ondatachannel = room.onData;
    }
    const { data, jsep } = await this.handle.ask({ request: "join", ptype: "subscriber", room: room.name, streams });
    await this.negotiate(data, jsep);
  }

  async negotiate({ streams }, offer) {
    const { connection, handle, room } = this;
    await connection.setRemoteDescription(offer);
    await connection.setLocalDescription();
    this.streams = streams.filter(({ active }) => active);
    for (const { mid, feed_id: feed } of this.streams.filter(({ type }) => type !== "data")) {
      room.show(feed, connection.getTransceivers().find((each) => each.mid === mid).receiver.track);
    }
    await handle.ask({ request: "start" }, connection.localDescription);
  }

  // The videos that come, in the order of their media sections: [{ mid, feed_id }].
  get videos() {
    return this.streams.filter(({ type }) => type === "video");
  }

  // On this media section comes the video of another publisher, its media section `of`.
  turnTo({ mid, feed, of }) {
    this.afterwards(async () => {
      await this.handle.ask({ request: "switch", streams: [{ sub_mid: mid, feed, mid: of }] });
      this.streams.find((each) => each.mid === mid).feed_id = feed;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
      if (!this.streams.some((each) => each.mid === mid)) return; // dropped meanwhile
      await this.handle.ask({ request: "configure", streams: [{ mid, send: true }] });
    });
  }

  // Send no more of one of the videos.
  async drop({ mid }) {
    this.streams = this.streams.filter((each) => each.mid !== mid);
    await this.handle.ask({ request: "configure", streams: [{ mid, send: false }] });
  }

  // Change what is received of a publisher: { send, substream, ... }.
  async configure(feed, fits, change) {
    const streams = this.streams
      .filter(({ feed_id: id, type }) => id === feed && fits(type))
      .map(({ mid }) => ({ mid, ...change }));
    if (streams.length) await this.handle.ask({ request: "configure", streams });
  }
}
