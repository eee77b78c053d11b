// One presenter, many viewers; viewers wait for a presenter who comes late or comes back.

import { element, flag, prefill, show, text } from "./page.js";
import { Seat } from "./seat.js";

const SIZE = { width: 640, height: 480 };

let role = "viewer";
let presenter = "";

const seat = new Seat(
  {
    presenterResponse({ response, message, sdpAnswer }) {
      if (response === "rejected") {
        seat.fail(message);
      } else {
        seat.answer(sdpAnswer);
      }
    },
    viewers({ count }) {
      element("count").textContent = count === 1 ? "1 viewer" : `${count} viewers`;
    },
    viewerResponse({ response, message, sdpAnswer, presenter: name }) {
      presenter = name;
      if (response === "accepted") {
        if (sdpAnswer) seat.answer(sdpAnswer);
      } else if (response === "waiting") {
        seat.hangUp();
        show("waiting", message);
      } else {
        seat.fail(message);
      }
    },
    presenterArrived: () => seat.run(watch),
    presenterGone({ message }) {
      seat.hangUp();
      show("waiting", message);
    },
  },
  {
    connected: () =>
      show("in_call", role === "presenter" ? "You are live." : `Watching ${presenter}.`),
  },
);

function become(chosen) {
  role = chosen;
  document.body.dataset.role = role;
  element("count").textContent = "";
}

async function present() {
  become("presenter");
  show("connecting", "Starting the camera…");
  await seat.camera(SIZE);
  await seat.connect();
  show("connecting", "Going live…");
  const message = { id: "presenter", room: element("room").value, name: element("name").value };
  await seat.offer(message, { receive: false });
}

async function view() {
  become("viewer");
  show("connecting", "Joining…");
  await seat.connect();
  await watch();
}

async function watch() {
  show("connecting", `Joining room ${element("room").value}…`);
  await seat.join({ id: "viewer", room: element("room").value });
}

prefill("name", "room");
element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  seat.run(event.submitter?.id === "present" ? present : view);
});
element("leave").addEventListener("click", () => {
  seat.leave();
  show("ended", role === "presenter" ? "The broadcast has ended." : "You have left.");
});
show("idle", "Present to a room, or watch what is presented there.");
if (flag("auto")) {
  seat.run(text("role") === "presenter" ? present : view);
}
