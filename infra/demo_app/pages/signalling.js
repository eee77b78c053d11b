// One WebSocket to the application, JSON messages with `id` as their type.

export class Signalling {
  #socket;
  #closing = false;

  // `handlers` maps ids to functions; `gone` is called when the other side closes.
  static open(handlers, gone) {
    const signalling = new Signalling();
    const address = new URL("/ws", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    signalling.#socket = socket;
    socket.addEventListener("message", (event) => {
      const message = JSON.parse(event.data);
      handlers[message.id]?.(message);
    });
    return new Promise((resolve, reject) => {
      socket.addEventListener("open", () => resolve(signalling));
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
