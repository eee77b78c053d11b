// What is unusual about a room; shared/switches.js says how it is written.
//
//   fps=15                        cameras are asked for so many frames a second
//   simulcast=1                   video has the layers q, h and f, of which h and f are not active
//   unused=1                      a second video is negotiated on each connection, and never sent
//   withhold=p001>p000:KIND       p001 never sends it to p000; KIND: audio, video, screen, nothing for all
//   slow=p001>p000:3              encoded for that connection with so many frames a second at most
//   thin=p001>p000:50             likewise, kbit/s
//   stop=p001>p000:KIND@12        nothing more is sent on that connection; camera and microphone go on
//   camera_off=p001@10            the page stops its camera
//   mute=p001:KIND@10             the page disables its track
//   screen=p001@10                the video is a canvas for 6 s, then the camera again
//   extra=p001@10                 a canvas is sent as a second video
//   layer=p001@10                 the video is half as wide and high before, and grows
//   renegotiate=p001>p000:HOW@10  HOW: restart (of ICE), add (a video that is never sent), move (the
//                                 camera to another media section), replace (the connection)
//   leave=p001@10                 the page closes its connections and its socket
import { fits, readSwitches } from "/shared/switches.js";

export const { forAll, later, between } = readSwitches({
  forAll: ["fps", "simulcast", "unused"],
  fromTheStart: ["withhold", "slow", "thin"],
  later: ["stop", "camera_off", "mute", "screen", "extra", "layer", "renegotiate", "leave"],
});

export const withheld = (who, to, kind) => between("withhold", who, to).some(({ what }) => fits(what, kind));

// Parameters of the first encoding of the video from one to the other.
export function limits(who, to) {
  const [slow] = between("slow", who, to), [thin] = between("thin", who, to), [layer] = between("layer", who, to);
  return {
    ...(slow && { maxFramerate: Number(slow.what) }),
    ...(thin && { maxBitrate: Number(thin.what) * 1000 }),
    ...(layer && { scaleResolutionDownBy: 2 }),
  };
}
