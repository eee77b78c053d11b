// What one probe does: publish its camera, play the streams of others, leave. Who does both plays
// when told to ("Play"), so that all others may have published before.
//
// `publish=1`; `play=p000,p001`: whose streams; `session`, `probe`: for the addresses. `width`,
// `height`, `fps`, `processing`: of the camera; `max_bitrate` (kbit/s), `codec` (VP8, H264, ...),
// `rids` (q,h,f: simulcast, each twice as large as the one before): of what is published.

import { closeCamera, openCamera } from "./camera.js";
import { element, fail, flag, note, number, play, show, text } from "./page.js";
import { Session } from "./session.js";

const settings = await (await fetch("settings.json")).json();

const sessions = [];
let camera = null;
let due = 0; // sessions that are not connected yet
let toPlay = []; // names and addresses, once they may be played

const address = (template, probe) =>
  template
    .replaceAll("{session}", encodeURIComponent(text("session")))
    .replaceAll("{probe}", encodeURIComponent(probe));

function open(who, url, prepare, receiving) {
  let isConnected = false;
  due++;
  const session = new Session(who, url, {
    token: settings.token,
    trickle: settings.trickle,
    prepare,
    on: {
      receiving,
      connected() {
        if (!isConnected) due--;
        isConnected = true;
        if (due > 0) return;
        if (toPlay.length) show("published", "Published; others are played when you say so.");
        else show("in_call", "Connected.");
      },
      interrupted: () => note(`The connection to ${url} is interrupted.`),
      waiting: (why) => show("connecting", `Waiting: ${why}`),
      notice(message) {
        note(message);
        console.warn(message);
      },
    },
  });
  sessions.push(session);
  return session.start();
}

function publish(connection) {
  const [video] = camera.getVideoTracks();
  const rids = text("rids").split(",").filter(Boolean);
  const maxBitrate = number("max_bitrate") && number("max_bitrate") * 1000;
  const sendEncodings = rids.length
    ? rids.map((rid, at) => ({ rid, scaleResolutionDownBy: 2 ** (rids.length - 1 - at) }))
    : [{}];
  if (maxBitrate) sendEncodings.at(-1).maxBitrate = maxBitrate;
  for (const track of camera.getAudioTracks()) {
    connection.addTransceiver(track, { direction: "sendonly", streams: [camera] });
  }
  const sending = { direction: "sendonly", streams: [camera], sendEncodings };
  const sender = connection.addTransceiver(video, sending);
  if (text("codec")) prefer(sender, text("codec"));
}

function prefer(transceiver, name) {
  const { codecs } = RTCRtpSender.getCapabilities("video");
  const type = `video/${name.toLowerCase()}`;
  const wanted = codecs.filter(({ mimeType }) => mimeType.toLowerCase() === type);
  if (!wanted.length) throw new Error(`codec=${name}: this browser does not send it`);
  const repair = codecs.filter(({ mimeType }) => /\/(rtx|red|ulpfec|flexfec-03)$/.test(mimeType));
  transceiver.setCodecPreferences([...wanted, ...repair]);
}

// A video element with a caption.
function screen(id, caption) {
  const names = ["figure", "video", "figcaption"];
  const [figure, video, label] = names.map((name) => document.createElement(name));
  Object.assign(video, { id, autoplay: true, playsInline: true });
  label.textContent = caption;
  figure.append(video, label);
  element("streams").append(figure);
  return video;
}

// A function that has a connection show what it receives.
function receiver(name, url) {
  const video = screen(`from-${name}`, `from ${name}: ${url}`);
  video.className = "remote";
  const received = new MediaStream(); // an answer may name no stream
  return (connection) =>
    connection.addEventListener("track", ({ track }) => {
      received.addTrack(track);
      play(video.id, received);
    });
}

function watch(name, url) {
  const receiving = receiver(name, url);
  return open("WHEP", url, (connection) => {
    receiving(connection);
    connection.addTransceiver("audio", { direction: "recvonly" });
    connection.addTransceiver("video", { direction: "recvonly" });
  }, receiving);
}

// Several publishers may be played by one address: a mix, or one stream of the session.
function watched() {
  const urls = new Map();
  for (const name of text("play").split(",").filter(Boolean)) {
    const url = address(settings.play, name);
    if (!urls.has(url)) urls.set(url, name);
  }
  return [...urls].map(([url, name]) => [name, url]);
}

async function join() {
  show("connecting", "Starting…");
  if (flag("publish")) {
    camera = await openCamera({ width: 640, height: 480 });
    const own = screen("published", `published: ${address(settings.publish, text("probe"))}`);
    own.muted = true;
    play("published", camera);
  }
  toPlay = watched();
  if (camera) await open("WHIP", address(settings.publish, text("probe")), publish);
  else await playOthers();
}

async function playOthers() {
  show("connecting", "Joining…");
  await Promise.all(toPlay.splice(0).map(([name, url]) => watch(name, url)));
}

// An exception becomes the page's error, and nothing is left on the server.
async function run(work) {
  try {
    await work();
  } catch (error) {
    if (document.body.dataset.state === "ended") return; // left meanwhile
    await Promise.allSettled(sessions.splice(0).map((session) => session.leave()));
    fail(error.message);
  }
}

async function leave() {
  closeCamera(camera);
  const ends = await Promise.allSettled(sessions.splice(0).map((session) => session.leave()));
  const refused = ends.find(({ status }) => status === "rejected");
  if (refused) {
    fail(refused.reason.message);
  } else {
    show("ended", "You have left.");
  }
}

element("leave").addEventListener("click", leave);
element("play").addEventListener("click", () => run(playOthers));
addEventListener("pagehide", () => {
  for (const session of sessions.splice(0)) session.leave().catch(() => {});
});
await run(join);
