// What is unusual about a room: the folder of the page's address, as in
//
//   http://127.0.0.1:8080/withhold=p001>p000:video&fps=15/?room=s000&name=p000&members=3
//
// Values may be lists with commas; members are names or * for all; @SECONDS count from when the page
// was in its call with everybody. KIND is audio or video, or left out for both.
//
//   fps=15                        cameras are asked for so many frames a second
//   simulcast=1                   video has the layers q, h and f, of which h and f are not active
//   unused=1                      a second video is negotiated on each connection, and never sent
//   withhold=p001>p000:KIND       p001 never sends it to p000
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
const FOR_ALL = ["fps", "simulcast", "unused"];
const FROM_THE_START = ["withhold", "slow", "thin"];
const LATER = ["stop", "camera_off", "mute", "screen", "extra", "layer", "renegotiate", "leave"];
const FORM = /^(?<who>\w+|\*)(?:>(?<to>\w+|\*))?(?::(?<what>\w+))?(?:@(?<after>[\d.]+))?$/;

const given = new URLSearchParams(location.pathname.split("/").at(-2));
const among = (switches) => [...given].filter(([name]) => switches.includes(name));

for (const [name] of given) {
  if (![...FOR_ALL, ...FROM_THE_START, ...LATER].includes(name)) throw new Error(`no such switch: ${name}`);
}
const switches = among([...FROM_THE_START, ...LATER]).flatMap(([name, values]) =>
  values.split(",").map((value) => {
    const form = FORM.exec(value);
    if (!form || LATER.includes(name) === !form.groups.after) throw new Error(`cannot be read: ${name}=${value}`);
    return { name, ...form.groups };
  }));

export const fits = (pattern, value) => [undefined, "*", value].includes(pattern);

// The value of a switch for all, or null.
export const forAll = (name) => given.get(name);

// What a page does later: { name, to, what, after }.
export const later = (who) => switches.filter((each) => LATER.includes(each.name) && fits(each.who, who));

const between = (name, who, to) =>
  switches.filter((each) => each.name === name && fits(each.who, who) && fits(each.to, to));

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
