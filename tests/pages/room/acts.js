// What a page of a room does in the course of its call: switches.js says what each of these is.
import { fits } from "/shared/switches.js";

const SCREEN_S = 6;

// `page`: { camera, partners, leave }
export async function perform({ name, to, what }, page) {
  const partners = [...page.partners.values()].filter((each) => fits(to, each.name));
  await ACTS[name]({ ...page, partners, what });
}

const ACTS = {
  stop: ({ partners, what }) => Promise.all(partners.flatMap(({ senders }) =>
    Object.keys(senders).filter((kind) => fits(what, kind)).map((kind) => senders[kind].replaceTrack(null)))),
  camera_off: ({ camera }) => camera.getVideoTracks()[0].stop(),
  mute: ({ camera, what }) => {
    for (const track of camera.getTracks()) if (fits(what, track.kind)) track.enabled = false;
  },
  screen: async ({ partners, camera }) => {
    const send = (track) => Promise.all(partners.map(({ senders }) => senders.video.replaceTrack(track)));
    await send(canvas().getVideoTracks()[0]);
    await new Promise((resolve) => setTimeout(resolve, SCREEN_S * 1000));
    await send(camera.getVideoTracks()[0]);
  },
  extra: ({ partners }) => {
    const stream = canvas();
    for (const { connection } of partners) connection.addTrack(stream.getVideoTracks()[0], stream);
  },
  layer: ({ partners }) => Promise.all(partners.map((each) => each.limit({ scaleResolutionDownBy: 1 }))),
  renegotiate: ({ partners, what }) => partners.forEach(WAYS[what]),
  leave: ({ leave }) => leave(),
};

const WAYS = {
  restart: ({ connection }) => connection.restartIce(),
  add: ({ connection }) => connection.addTransceiver("video", { direction: "sendonly" }),
  move: (partner) => partner.move(),
  replace: (partner) => partner.startAgain(),
};

// A picture that moves, 320x240 at 15 frames/s.
function canvas() {
  const drawn = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
  const pen = drawn.getContext("2d");
  let count = 0;
  setInterval(() => {
    count += 1;
    pen.fillStyle = `hsl(${count * 7 % 360} 80% 50%)`;
    pen.fillRect(count * 5 % 320, count * 3 % 240, 60, 60);
  }, 1000 / 15);
  return drawn.captureStream(15);
}
