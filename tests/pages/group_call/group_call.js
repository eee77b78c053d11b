// Behaves as the page of the Kurento tutorial group-call: its ids, globals, messages and constraints.
// One send-only connection, and one for each other participant that only receives.

var ws = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}${location.pathname}groupcall`);
var participants = {};
var name;

// What the tutorial asks its camera for.
const CONSTRAINTS = {
  audio: true,
  video: { width: { max: 320 }, frameRate: { min: 15, max: 15 } },
};

window.onbeforeunload = () => ws.close();

ws.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  switch (message.id) {
    case "existingParticipants": {
      participants[name] = new Participant(name);
      participants[name].send();
      message.data.forEach(receiveVideo);
      break;
    }
    case "newParticipantArrived":
      receiveVideo(message.name);
      break;
    case "participantLeft":
      participants[message.name].dispose();
      delete participants[message.name];
      break;
    case "receiveVideoAnswer":
      participants[message.name].answered(message.sdpAnswer);
      break;
    case "iceCandidate":
      participants[message.name].add(message.candidate);
      break;
    default:
      console.error("Unrecognized message", message);
  }
};

function register() {
  name = document.getElementById("name").value;
  const room = document.getElementById("roomName").value;
  document.getElementById("room-header").innerText = `ROOM ${room}`;
  document.getElementById("join").hidden = true;
  document.getElementById("room").hidden = false;
  sendMessage({ id: "joinRoom", name, room });
}

function receiveVideo(sender) {
  participants[sender] = new Participant(sender);
  participants[sender].receive();
}

function leaveRoom() {
  sendMessage({ id: "leaveRoom" });
  for (const each of Object.values(participants)) each.dispose();
  document.getElementById("join").hidden = false;
  document.getElementById("room").hidden = true;
  ws.close();
}

function sendMessage(message) {
  ws.send(JSON.stringify(message));
}

class Participant {
  constructor(name) {
    this.name = name;
    this.container = document.createElement("div");
    this.container.id = name;
    this.video = Object.assign(document.createElement("video"), { id: `video-${name}`, autoplay: true });
    const label = document.createElement("span");
    label.append(name);
    this.container.append(this.video, label);
    document.getElementById("participants").append(this.container);
    this.connection = new RTCPeerConnection();
    this.early = [];
    this.connection.onicecandidate = ({ candidate }) => {
      if (candidate) sendMessage({ id: "onIceCandidate", name, candidate });
    };
  }

  async send() {
    this.camera = await navigator.mediaDevices.getUserMedia(CONSTRAINTS);
    this.video.muted = true;
    this.video.srcObject = this.camera;
    for (const track of this.camera.getTracks()) {
      this.connection.addTransceiver(track, { direction: "sendonly", streams: [this.camera] });
    }
    await this.offer();
  }

  async receive() {
    for (const kind of ["audio", "video"]) this.connection.addTransceiver(kind, { direction: "recvonly" });
    await this.offer();
  }

  async offer() {
    await this.connection.setLocalDescription();
    sendMessage({ id: "receiveVideoFrom", sender: this.name, sdpOffer: this.connection.localDescription.sdp });
  }

  async answered(sdp) {
    await this.connection.setRemoteDescription({ type: "answer", sdp });
    if (!this.camera) {
      this.video.srcObject = new MediaStream(this.connection.getReceivers().map(({ track }) => track));
    }
    for (const candidate of this.early.splice(0)) this.add(candidate);
  }

  add(candidate) {
    if (this.connection.remoteDescription) this.connection.addIceCandidate(candidate).catch(console.error);
    else this.early.push(candidate);
  }

  dispose() {
    for (const track of this.camera?.getTracks() ?? []) track.stop();
    this.connection.close();
    this.container.remove();
  }
}
