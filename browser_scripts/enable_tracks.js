// Enables or disables the tracks of a source that the frame's connections send, when told to by an
// event of the farm's: its detail holds {source, enabled, tracks}, and gets the number of tracks.
//
// `connections` is hook_peer_connections.js's.
(name, connections) => {
  const sourceOf = (track) => {
    if (track.kind === "audio") return "microphone";
    return track.getSettings().displaySurface ? "screen" : "camera";
  };

  window.addEventListener(name, (event) => {
    event.stopImmediatePropagation();
    const { detail } = event;
    for (const { connection } of connections) {
      if (connection.signalingState === "closed") continue;
      for (const { track } of connection.getSenders()) {
        if (track?.readyState !== "live" || sourceOf(track) !== detail.source) continue;
        track.enabled = detail.enabled;
        detail.tracks += 1;
      }
    }
  });
}
