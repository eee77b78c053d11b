// What is unusual about a room; shared/switches.js says how it is written.
//
//   legacy=1                      a connection for each partner; else one for all of them
//   simulcast=h,m,l               video has the layers h, m and l, of which these are active
//   withhold=p001>p000:KIND       p000 does not subscribe to it; KIND: audio, video, nothing for both
//   stop=p001>p000:KIND@12        Janus sends it no more
//   layer=p001>p000@10            of its layers p000 asks for m, then for h
//   leave=p001@10                 the page closes its connections and its socket
import { fits, readSwitches } from "/shared/switches.js";

export const { forAll, later, between } = readSwitches({
  forAll: ["legacy", "simulcast"],
  fromTheStart: ["withhold"],
  later: ["stop", "layer", "leave"],
});

export const withheld = (who, to, kind) => between("withhold", who, to).some(({ what }) => fits(what, kind));
