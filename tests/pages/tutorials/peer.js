// A connection with a media server that trickles both ways, as the tutorials' pages make one.

class Peer {
  // `send` tells the server something; candidates that come before the answer are kept.
  constructor(send, { local, remote }) {
    Object.assign(this, { send, local, remote, early: [], answered: false });
    this.connection = new RTCPeerConnection();
    this.connection.onicecandidate = ({ candidate }) => {
      if (candidate) send({ id: "onIceCandidate", candidate });
    };
    this.connection.ontrack = ({ streams }) => { if (remote) remote.srcObject = streams[0]; };
  }

  // The SDP of an offer that sends the camera, if `sends`, and receives, if there is a `remote`.
  async offer(sends) {
    if (sends) {
      this.camera = await navigator.mediaDevices.getUserMedia(
        { audio: true, video: { width: 640, framerate: 15 } });
      this.camera.getTracks().forEach((track) => this.connection.addTrack(track, this.camera));
      if (this.local) this.local.srcObject = this.camera;
    }
    const receives = Boolean(this.remote);
    await this.connection.setLocalDescription(await this.connection.createOffer(
      { offerToReceiveAudio: receives, offerToReceiveVideo: receives }));
    return this.connection.localDescription.sdp;
  }

  async processAnswer(sdp) {
    if (this.connection.signalingState === "closed") return;
    await this.connection.setRemoteDescription({ type: "answer", sdp });
    this.answered = true;
    for (const candidate of this.early.splice(0)) this.addIceCandidate(candidate);
  }

  addIceCandidate(candidate) {
    if (this.answered) this.connection.addIceCandidate(candidate);
    else this.early.push(candidate);
  }

  dispose() {
    this.camera?.getTracks().forEach((track) => track.stop());
    this.connection.close();
  }
}

// The socket of the page whose server has `path`.
function socketTo(path) {
  return new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/${path}`);
}
