// A client of Janus' WebSocket API: a session, and handles of its VideoRoom.

export class Session {
  static async open(url) {
    const socket = new WebSocket(url, "janus-protocol");
    await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
    const session = new Session(socket);
    session.id = (await session.ask({ janus: "create" })).data.id;
    return session;
  }

  constructor(socket) {
    Object.assign(this, { socket, asked: new Map(), handles: new Map(), count: 0 });
    socket.onmessage = ({ data }) => this.take(JSON.parse(data));
  }

  // The answer to a request; an acknowledgement is none.
  ask(request) {
    const transaction = String(this.count += 1);
    this.socket.send(JSON.stringify({ transaction, session_id: this.id, ...request }));
    return new Promise((resolve, reject) => this.asked.set(transaction, { resolve, reject }));
  }

  // `onEvent` is told what a handle says unasked: its data and its offer, if any.
  async attach(onEvent) {
    const { data: { id } } = await this.ask({ janus: "attach", plugin: "janus.plugin.videoroom" });
    this.handles.set(id, onEvent);
    return new Handle(this, id);
  }

  take(message) {
    const { janus, transaction, sender, plugindata, jsep, error } = message;
    if (janus === "ack") return;
    const waiting = this.asked.get(transaction);
    this.asked.delete(transaction);
    const refused = error?.reason ?? plugindata?.data.error;
    if (waiting && refused) waiting.reject(new Error(refused));
    else if (waiting) waiting.resolve(message);
    else if (plugindata) this.handles.get(sender)?.(plugindata.data, jsep);
  }
}

class Handle {
  constructor(session, id) {
    Object.assign(this, { session, id });
  }

  // What the VideoRoom answers: { data, jsep }.
  async ask(body, jsep) {
    const request = { janus: "message", handle_id: this.id, body, ...(jsep && { jsep }) };
    const { plugindata: { data }, jsep: answer } = await this.session.ask(request);
    return { data, jsep: answer };
  }

  // A connection whose candidates go to this handle.
  connection(changed) {
    const made = new RTCPeerConnection();
    made.onconnectionstatechange = changed;
    made.onicecandidate = ({ candidate }) => this.session.ask({
      janus: "trickle", handle_id: this.id, candidate: candidate ?? { completed: true } });
    return made;
  }
}
