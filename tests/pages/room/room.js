// A member of a room: who is there, what is shown, and when it is in its call with everybody.
import { fits } from "/shared/switches.js";
import { perform } from "/scripts/acts.js";
import { Partner } from "/scripts/partner.js";
import { forAll, later, withheld } from "/scripts/switches.js";

const MEDIA = ["audio", "video", "screen"];
const query = new URLSearchParams(location.search);
const me = query.get("name");
const members = Number(query.get("members"));
const about = new Map([[me, Object.fromEntries(query)]]); // name -> {name, role, sends, takes}
const partners = window.partners = new Map();
const status = document.querySelector("#status");
const sends = (query.get("sends") ?? "audio,video").split(",");
let socket, screen, camera = new MediaStream(), inCall = false;

async function join() {
  if (sends.includes("audio") || sends.includes("video")) {
    camera = await navigator.mediaDevices.getUserMedia({
      audio: sends.includes("audio"),
      video: sends.includes("video") && {
        width: Number(query.get("width")),
        height: Number(query.get("height")),
        frameRate: Number(forAll("fps") ?? query.get("frame_rate")),
      },
    });
  }
  if (sends.includes("screen")) screen = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 10 } });
  if (camera.getTracks().length) show(me, camera).muted = true; // an empty one would never load
  socket = new WebSocket(`ws://${location.host}/ws${location.search}`);
  socket.onmessage = ({ data }) => receive(JSON.parse(data));
  document.querySelector("#leave").onclick = leave;
  status.textContent = "in the room";
}

function receive({ present, joined, from, left, ...message }) {
  if (present) {
    for (const each of present) {
      about.set(each.name, each);
      if (offers(me, each.name)) partner(each.name).sendMedia();
    }
  } else if (joined) { // who comes offers what it sends; if that is nothing, it is offered something
    about.set(from, joined);
    if (!offers(from, me) && offers(me, from)) partner(from).sendMedia();
    changed();
  } else if (left) {
    partners.get(from)?.connection.close();
    partners.delete(from);
    for (const video of document.querySelectorAll(`[title="${from}"]`)) video.remove();
  } else {
    partner(from).receive(message);
  }
}

// What one sends the other.
function given(who, to) {
  const { role, sends: sent } = about.get(who), { takes } = about.get(to);
  const wanted = Object.fromEntries((takes || "").split(";").map((each) => each.split(":")))[role];
  return (sent || "audio,video").split(",").filter((each) =>
    MEDIA.includes(each) && (!takes || (wanted ?? "").split(",").includes(each)));
}

const offers = (who, to) => given(who, to).some((kind) => !withheld(who, to, kind));

function partner(name) {
  if (!partners.has(name)) {
    const send = (message) => socket.send(JSON.stringify({ to: name, ...message }));
    const gives = (kind) => given(me, name).includes(kind);
    partners.set(name, new Partner(name, { me, camera, screen, gives, send, show: (stream) => show(name, stream), changed, fail }));
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
  const others = [...about.keys()].filter((each) => each !== me);
  const met = others.filter((each) => given(me, each).length || given(each, me).length);
  if (inCall || others.length < members - 1 || !met.every((each) => connected.includes(each))) return;
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
  for (const track of [camera, screen].flatMap((each) => each?.getTracks() ?? [])) track.stop();
  status.textContent = "left";
}

function fail(error) {
  const place = document.querySelector("#error");
  place.textContent = String(error);
  place.hidden = false;
}

join().catch(fail);
