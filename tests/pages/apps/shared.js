// What the copies of apps share: who is in a room, and media that the page sends to itself.

// The names in a room, told every 200 ms from the moment that one enters it as `name`.
async function enter(room, name, changed) {
  const address = `/rooms/${encodeURIComponent(room)}/${encodeURIComponent(name)}`;
  await fetch(address, { method: "PUT" });
  const look = async () => changed(await (await fetch(address)).json());
  await look();
  const timer = setInterval(look, 200);
  return async () => {
    clearInterval(timer);
    await fetch(address, { method: "DELETE" });
  };
}

// A connection of the page with itself; resolves with what it receives of its own camera.
async function loopback() {
  const camera = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const [here, there] = [new RTCPeerConnection(), new RTCPeerConnection()];
  here.onicecandidate = ({ candidate }) => candidate && there.addIceCandidate(candidate);
  there.onicecandidate = ({ candidate }) => candidate && here.addIceCandidate(candidate);
  const received = new Promise((resolve) => { there.ontrack = ({ streams }) => resolve(streams[0]); });
  camera.getTracks().forEach((track) => here.addTrack(track, camera));
  await here.setLocalDescription();
  await there.setRemoteDescription(here.localDescription);
  await there.setLocalDescription();
  await here.setRemoteDescription(there.localDescription);
  return {
    camera,
    received: await received,
    close: () => { here.close(); there.close(); camera.getTracks().forEach((track) => track.stop()); },
  };
}
