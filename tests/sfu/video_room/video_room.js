// A member of a room on Janus' VideoRoom: it publishes, and subscribes to whoever else publishes.
import { fits } from "/shared/switches.js";
import { Chat } from "/scripts/chat.js";
import { Session } from "/scripts/janus.js";
import { asked, sendEncodings } from "/scripts/layers.js";
import { Subscription } from "/scripts/subscription.js";
import { between, forAll, later, withheld } from "/scripts/switches.js";

const codec = forAll("svc") ? { videocodec: "vp9", video_svc: true } : {};
const query = new URLSearchParams(location.search);
const me = query.get("name");
const room = query.get("room");
const expected = query.has("publishers") // else each member publishes
  ? query.get("publishers").split(",").filter(Boolean).length
  : Number(query.get("members")) - 1;
const publishes = query.get("sends") !== "none";
const status = document.querySelector("#status");
const LAST_N = Number(forAll("last_n") ?? Infinity);
const TURN_S = 4;
const publishers = new Map(); // name -> mid of its video
const subscriptions = window.subscriptions = [];
let session, camera = new MediaStream(), publishing, chat, inCall = false;

async function join() {
  if (publishes) await openCamera();
  session = await Session.open(await (await fetch("/janus")).text());
  const handle = await session.attach(told);
  await handle.ask({ request: "create", room, publishers: 16, bitrate: 1_000_000, ...codec }).catch(ignoreExists);
  const { data } = await handle.ask({ request: "join", ptype: "publisher", room, id: me });
  if (publishes) await publish(handle);
  document.querySelector("#leave").onclick = leave;
  status.textContent = "in the room";
  told(data);
}

async function openCamera() {
  camera = await navigator.mediaDevices.getUserMedia({
    audio: true,
    video: {
      width: Number(query.get("width")),
      height: Number(query.get("height")),
      frameRate: Number(query.get("frame_rate")),
    },
  });
  for (const track of camera.getTracks()) show(me, track);
  document.querySelector(`[title="${me}"]`).muted = true;
}

function ignoreExists(error) {
  if (!error.message.includes("already exists")) throw error;
}

async function publish(handle) {
  publishing = handle.connection(changed);
  for (const track of camera.getTracks()) {
    const encodings = track.kind === "video" && sendEncodings(
      { simulcast: forAll("simulcast"), caps: forAll("caps"), svc: forAll("svc") });
    const transceiver = publishing.addTransceiver(track, {
      direction: "sendonly", streams: [camera], ...(encodings && { sendEncodings: encodings }) });
    if (encodings && forAll("svc")) transceiver.setCodecPreferences(VP9);
  }
  if (forAll("data")) chat = new Chat(me, publishing, Number(forAll("data")));
  await publishing.setLocalDescription();
  const { jsep } = await handle.ask({ request: "publish" }, publishing.localDescription);
  await publishing.setRemoteDescription(jsep);
}

function told({ publishers: there = [], unpublished, leaving }) {
  const gone = unpublished ?? leaving;
  if (gone && publishers.delete(gone)) document.querySelector(`[title="${gone}"]`)?.remove();
  for (const { id, streams } of there) {
    if (publishers.has(id)) continue; // Janus names who comes as this member joins twice
    const isFull = publishers.size >= LAST_N;
    publishers.set(id, streams.find(({ type }) => type === "video")?.mid);
    const wanted = streams
      .filter(({ type, disabled }) => !disabled && !withheld(id, me, type) && !(isFull && type === "video"))
      .map(({ mid, type }) => ({ feed: id, mid, kind: type }));
    if (forAll("legacy") || !subscriptions.length) {
      subscriptions.push(new Subscription({ name: room, session, changed, show, fail, atFirst, onData }));
    }
    subscriptions.at(-1).add(wanted);
  }
  changed();
}

const VP9 = RTCRtpSender.getCapabilities("video").codecs.filter(({ mimeType }) => mimeType === "video/VP9");

const onData = forAll("data") && ((event) => chat.listen(event));

// What a member asks for at first of a publisher's video.
const atFirst = (publisher) => forAll("svc") ? {}
  : asked(between("layer", publisher, me).some(({ what }) => !what) ? "m" : "h");

function show(name, track) {
  const shown = document.querySelector(`[title="${name}"]`);
  const video = shown ?? document.createElement("video");
  Object.assign(video, { title: name, autoplay: true, playsInline: true });
  video.srcObject ??= new MediaStream();
  video.srcObject.addTrack(track);
  if (!shown) document.querySelector("#videos").append(video);
}

function changed() {
  if (inCall || publishers.size < expected) return;
  if (publishes && publishing?.connectionState !== "connected") return;
  if (!subscriptions.every(({ connected }) => connected)) return;
  inCall = true;
  status.textContent = `in call with ${[...publishers.keys()].sort().join(", ")}`;
  if (LAST_N < publishers.size) setInterval(turn, TURN_S * 1000);
  for (const act of later) setTimeout(() => perform(act).catch(fail), act.after * 1000);
}

// One of the videos that come, each in its turn, is from now on that of somebody who is not seen.
let turns = 0;
function turn() {
  const [subscription] = subscriptions, { videos } = subscription;
  const hidden = [...publishers.keys()].filter((name) => !videos.some(({ feed_id: seen }) => seen === name));
  if (!videos.length || !hidden.length) return;
  const { mid } = videos[turns % videos.length], feed = hidden[turns % hidden.length];
  turns += 1;
  subscription.turnTo({ mid, feed, of: publishers.get(feed) });
}

// Whoever is to receive something else asks for it.
async function perform({ name, who, to, what }) {
  if (name === "leave" && fits(who, me)) leave();
  if ((name === "quiet" || name === "shut") && fits(who, me)) chat[name]();
  if (name === "fewer" && fits(who, me)) await subscriptions[0].drop(subscriptions[0].videos[0]);
  if (["leave", "quiet", "shut", "fewer"].includes(name) || !fits(to, me)) return;
  const change = name === "stop" ? { send: false } : asked(what ?? "h");
  const isMeant = name === "stop" ? (kind) => fits(what, kind) : (kind) => kind === "video";
  for (const feed of [...publishers.keys()].filter((each) => fits(who, each))) {
    for (const each of subscriptions) await each.configure(feed, isMeant, change);
    if (name === "layer") console.warn(`asked for layer ${what ?? "h"} of ${feed}`);
  }
}

function leave() {
  for (const { connection } of [{ connection: publishing }, ...subscriptions]) connection?.close();
  session.socket.close();
  for (const track of camera.getTracks()) track.stop();
  status.textContent = "left";
}

function fail(error) {
  const place = document.querySelector("#error");
  place.textContent = String(error);
  place.hidden = false;
}

join().catch(fail);
