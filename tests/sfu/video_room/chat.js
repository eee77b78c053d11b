// The data channel "chat" of a member: what it sends, and its answers to what it receives.

export class Chat {
  constructor(me, connection, messagesPerSecond) {
    Object.assign(this, { me, count: 0, channel: connection.createDataChannel("chat") });
    this.timer = setInterval(() => this.say({ id: `${me}-${this.count += 1}` }), 1000 / messagesPerSecond);
  }

  say(message) {
    if (this.channel.readyState === "open") this.channel.send(JSON.stringify(message));
  }

  // Answers what others ask on a channel that they send on.
  listen({ channel }) {
    channel.onmessage = ({ data }) => {
      const { id, answer } = JSON.parse(data);
      if (!answer) this.say({ id, answer: true });
    };
  }

  quiet() {
    clearInterval(this.timer);
  }

  shut() {
    this.channel.close();
  }
}
