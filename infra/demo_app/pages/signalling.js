// One WebSocket to the application, JSON messages with `id` as their type.

export class Signalling {
  // Whether the media server makes the offer to a page that is called, or only receives.
  offers = false;
  #socket;
  #closing = false;

  // `handlers` maps ids to functions; `gone` is called when the other side closes. It is open once
  // the application has said `welcome`.
  static open(handlers, gone) {
    const signalling = new Signalling();
    const address = new URL("/ws", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    signalling.#socket = socket;
    return new Promise((resolve, reject) => {
      socket.addEventListener("message", (event) => {
        const message = JSON.parse(event.data);
        if (message.id === "welcome") {
          signalling.offers = message.offers;
          resolve(signalling);
        }
        handlers[message.id]?.(message);
      });
      socket.addEventListener("close", () => {
        reject(new Error("The application does not answer. Try again in a moment."));
        if (!signalling.#closing) {
          gone("The connection to the application was lost. Try again in a moment.");
        }
      });
    });
  }

  send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(message));
    }
  }

  close() {
    this.#closing = true;
    this.#socket.close();
  }
}
