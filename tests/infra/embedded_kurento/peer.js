// One peer connection of a test page. Candidates are kept for the test to carry over.
window.peer = {
  async open({send}) {
    this.candidates = [];
    this.connection = new RTCPeerConnection({iceServers: []});
    this.connection.onicecandidate = ({candidate}) => {
      this.candidates.push(candidate ? candidate.toJSON() : {candidate: ''});
    };
    if (send) {
      const wanted = {audio: true, video: {width: 640, height: 480, frameRate: 20}};
      const stream = await navigator.mediaDevices.getUserMedia(wanted);
      stream.getTracks().forEach((track) => this.connection.addTrack(track, stream));
    }
  },
  async offer({send}) {
    await this.open({send});
    if (!send) {
      this.connection.addTransceiver('audio', {direction: 'recvonly'});
      this.connection.addTransceiver('video', {direction: 'recvonly'});
    }
    await this.connection.setLocalDescription();
    return this.connection.localDescription.sdp;
  },
  async accept(sdp) {
    await this.open({send: true});
    await this.connection.setRemoteDescription({type: 'offer', sdp});
    await this.connection.setLocalDescription();
    return this.connection.localDescription.sdp;
  },
  async answered(sdp) {
    await this.connection.setRemoteDescription({type: 'answer', sdp});
  },
  async add(candidates) {
    for (const candidate of candidates) await this.connection.addIceCandidate(candidate);
  },
  async gathered() {
    while (this.connection.iceGatheringState !== 'complete') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.candidates;
  },
  async stats() {
    return [...(await this.connection.getStats()).values()];
  },
};
