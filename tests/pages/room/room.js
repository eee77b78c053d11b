// A member of a room: who is there, what is shown, and when it is in its call with everybody.
import { fits } from "/shared/switches.js";
import { perform } from "/scripts/acts.js";
import { Partner } from "/scripts/partner.js";
import { forAll, later } from "/scripts/switches.js";

const query = new URLSearchParams(location.search);
const me = query.get("name");
const members = Number(query.get("members"));
const partners = window.partners = new Map();
const status = document.querySelector("#status");
let socket, camera, inCall = false;

async function join() {
  camera = await navigator.mediaDevices.getUserMedia({
    audio: true,
    video: {
      width: Number(query.get("width")),
      height: Number(query.get("height")),
      frameRate: Number(forAll("fps") ?? query.get("frame_rate")),
    },
  });
  show(me, camera).muted = true;
  socket = new WebSocket(`ws://${location.host}/ws${location.search}`);
  socket.onmessage = ({ data }) => receive(JSON.parse(data));
  document.querySelector("#leave").onclick = leave;
  status.textContent = "in the room";
}

function receive({ present, from, left, ...message }) {
  if (present) {
    for (const name of present) partner(name).sendMedia();
  } else if (left) {
    partners.get(from)?.connection.close();
    partners.delete(from);
    for (const video of document.querySelectorAll(`[title="${from}"]`)) video.remove();
  } else {
    partner(from).receive(message);
  }
}

function partner(name) {
  if (!partners.has(name)) {
    const send = (message) => socket.send(JSON.stringify({ to: name, ...message }));
    partners.set(name, new Partner(name, { me, camera, send, show: (stream) => show(name, stream), changed, fail }));
  }
  return partners.get(name);
}

function show(name, stream) {
  const shown = [...document.querySelectorAll("video")].find(({ srcObject }) => srcObject?.id === stream.id);
  const video = shown ?? document.createElement("video");
  Object.assign(video, { title: name, autoplay: true, playsInline: true, srcObject: stream });
  if (!shown) document.querySelector("#videos").append(video);
  return video;
}

function changed() {
  const connected = [...partners.values()].filter((each) => each.connected).map(({ name }) => name);
  if (inCall || connected.length < members - 1) return;
  inCall = true;
  status.textContent = `in call with ${connected.sort().join(", ")}`;
  for (const act of later.filter(({ who }) => fits(who, me))) {
    setTimeout(() => perform(act, { camera, partners, leave }).catch(fail), act.after * 1000);
  }
}

function leave() {
  for (const { connection } of partners.values()) connection.close();
  partners.clear();
  socket.close();
  for (const track of camera.getTracks()) track.stop();
  status.textContent = "left";
}

function fail(error) {
  const place = document.querySelector("#error");
  place.textContent = String(error);
  place.hidden = false;
}

join().catch(fail);
