// A call between two people, or between the caller and the callee of a load test's session.

import { element, fail, flag, note, prefill, show, text } from "./page.js";
import { Seat } from "./seat.js";

const SIZE = { width: 640, height: 480 };

const session = text("session"); // pairs a load test's caller and callee; people have none
const auto = flag("auto"); // sign in, call and answer without clicks
const record = flag("record");
let other = "";
let pendingCall = false; // signing in is the first half of calling

// A name stays signed in between calls; the form then only asks whom to call.
function signedIn(yes) {
  document.body.toggleAttribute("data-signed-in", yes);
  element("name").readOnly = yes;
}

const waiting = () => `Signed in as ${element("name").value}. Waiting for a call.`;

const seat = new Seat(
  {
    registerResponse({ response, message }) {
      if (response === "rejected") {
        seat.fail(message);
        return;
      }
      signedIn(true);
      if (pendingCall) {
        seat.run(call);
      } else {
        show("waiting", waiting());
      }
    },
    ringing({ to }) {
      other = to;
      show("connecting", `Calling ${to}…`);
    },
    callResponse({ response, message, sdpAnswer, recorded }) {
      if (response === "rejected") {
        seat.hangUp(); // but stay signed in
        fail(message);
      } else {
        begin(sdpAnswer, recorded);
      }
    },
    incomingCall({ from }) {
      other = from;
      if (auto) {
        seat.run(accept);
      } else {
        element("from").textContent = from;
        element("incoming").showModal();
      }
    },
    startCommunication: ({ sdpAnswer, recorded }) => begin(sdpAnswer, recorded),
    stopCommunication({ message, failed }) {
      element("incoming").close();
      if (failed) {
        seat.fail(message);
      } else {
        seat.hangUp();
        show("ended", `${message} ${waiting()}`);
      }
    },
  },
  {
    connected: () => show("in_call", `In a call with ${other}.`),
    closed: () => signedIn(false),
  },
);

async function register({ thenCall }) {
  pendingCall = thenCall;
  if (auto) {
    await seat.camera(SIZE); // so that a load test's caller does not wait for the callee's camera
  }
  show("connecting", "Signing in…");
  await seat.connect();
  seat.say({ id: "register", name: element("name").value, session });
}

async function call() {
  pendingCall = false;
  show("connecting", "Starting the camera…");
  await seat.camera(SIZE);
  await seat.offer({ id: "call", to: element("peer").value, record }, { receive: true });
}

async function accept() {
  show("connecting", `Answering ${other}…`);
  await seat.camera(SIZE);
  const message = { id: "incomingCallResponse", callResponse: "accept", from: other, record };
  await seat.join(message);
}

function begin(sdpAnswer, recorded) {
  note(recorded ? "This call is recorded on the server." : "");
  if (sdpAnswer) seat.answer(sdpAnswer);
}

function leave() {
  const talking = ["connecting", "in_call"].includes(document.body.dataset.state);
  if (talking && !auto) {
    seat.say({ id: "stop" });
    seat.hangUp();
    show("ended", `The call has ended. ${waiting()}`);
  } else {
    seat.leave();
    show("ended", talking ? "The call has ended." : "You have signed out.");
  }
}

prefill("name", "peer");
element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const calling = event.submitter?.id !== "register";
  if (calling && !element("peer").value && !session) {
    element("peer").focus();
    return;
  }
  seat.run(() => register({ thenCall: calling }));
});
element("accept").addEventListener("click", () => seat.run(accept));
element("decline").addEventListener("click", () => {
  seat.say({ id: "incomingCallResponse", callResponse: "reject", from: other });
});
element("leave").addEventListener("click", leave);
show("idle", "Sign in to be called, or call somebody who is.");
if (auto) {
  seat.run(() => register({ thenCall: text("role") === "caller" }));
}
