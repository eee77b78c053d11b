// The body of a PATCH with candidates: application/trickle-ice-sdpfrag (RFC 8840, RFC 9725 4.3.2).

const line = (sdp, start) => sdp.split(/\r?\n/).find((each) => each.startsWith(start));

// `sdp`: the local description; `candidates`: texts, `ended`: there will be no more of them.
export function fragment(sdp, candidates, ended) {
  const lines = [
    line(sdp, "a=ice-options:"),
    line(sdp, "a=group:BUNDLE"),
    line(sdp, "m="), // the first section has the transport of the bundle
    line(sdp, "a=mid:"),
    line(sdp, "a=ice-ufrag:"),
    line(sdp, "a=ice-pwd:"),
    ...candidates.map((candidate) => `a=${candidate}`),
    ...(ended ? ["a=end-of-candidates"] : []),
  ];
  return lines.filter(Boolean).map((each) => `${each}\r\n`).join("");
}
