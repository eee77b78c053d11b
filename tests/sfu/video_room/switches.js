// What is unusual about a room; shared/switches.js says how it is written.
//
//   legacy=1                      a connection for each partner; else one for all of them
//   simulcast=h,m,l               video has the layers h, m and l, of which these are active
//   caps=1                        and each of them has a maxBitrate (CAPS of layers.js)
//   svc=L3T3_KEY                  video is VP9 of that scalabilityMode
//   data=10                       each member sends so many messages a second on the data channel "chat"
//   quiet=p001@10                 it sends no more of them
//   shut=p001@10                  it closes the channel
//   last_n=2                      a member gets the videos of two others, whom it changes every 4 s;
//                                 one connection for all of them
//   fewer=p000@10                 from then on it gets one video less
//   withhold=p001>p000:KIND       p000 does not subscribe to it; KIND: audio, video, data, nothing for all
//   stop=p001>p000:KIND@12        Janus sends it no more
//   layer=p001>p000@10            of its layers p000 asks for m, then for h
//   layer=p001>p000:l@20          then for this one: h, m, l, or hT0: of h temporal layer 0; of svc S0T2
//   leave=p001@10                 the page closes its connections and its socket
import { fits, readSwitches } from "/shared/switches.js";

export const { forAll, later, between } = readSwitches({
  forAll: ["legacy", "simulcast", "caps", "svc", "data", "last_n"],
  fromTheStart: ["withhold"],
  later: ["stop", "layer", "quiet", "shut", "leave", "fewer"],
});

export const withheld = (who, to, kind) => between("withhold", who, to).some(({ what }) => fits(what, kind));
