// A room whose media the server mixes into one, or passes on to all others.

import { element, flag, number, prefill, show } from "./page.js";
import { Seat } from "./seat.js";

const SIZE = { width: 640, height: 360 };

const seat = new Seat(
  {
    joinRoomResponse({ response, message, sdpAnswer }) {
      if (response === "rejected") {
        seat.fail(message);
      } else {
        seat.answer(sdpAnswer);
      }
    },
    participants({ names, members }) {
      element("participants").replaceChildren(
        ...names.map((name) => Object.assign(document.createElement("li"), { textContent: name })),
      );
      element("count").textContent = `${names.length} of ${members} in the room`;
    },
  },
  { connected: () => show("in_call", `In room ${element("room").value}.`) },
);

async function join() {
  show("connecting", "Starting the camera…");
  await seat.camera(SIZE);
  await seat.connect();
  show("connecting", `Joining room ${element("room").value}…`);
  const message = {
    id: "joinRoom",
    room: element("room").value,
    name: element("name").value,
    members: number("members") ?? 4,
    mixed: flag("mixed"),
  };
  await seat.offer(message, { receive: message.mixed || !seat.offers });
}

prefill("name", "room");
element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  seat.run(join);
});
element("leave").addEventListener("click", () => {
  seat.leave();
  show("ended", "You have left the room.");
});
show("idle", "Everybody in a room sees all the others.");
if (flag("auto")) {
  seat.run(join);
}
