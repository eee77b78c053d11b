// What every page shares: its state for people and drivers, its parameters, its elements.

const query = new URLSearchParams(location.search);

export const element = (id) => document.getElementById(id);

export const text = (name, otherwise = "") => query.get(name) ?? otherwise;

export const number = (name) => {
  const value = Number(query.get(name) || NaN);
  return Number.isFinite(value) ? value : undefined;
};

export const flag = (name, otherwise = false) =>
  query.has(name) ? !["", "0", "false", "no"].includes(query.get(name)) : otherwise;

// Limits in kbit/s that the server sets on this page's endpoint; named as Kurento names them.
export const bandwidths = () =>
  Object.fromEntries(
    ["maxVideoSendBandwidth", "minVideoSendBandwidth", "maxVideoRecvBandwidth", "minVideoRecvBandwidth"]
      .map((name) => [name, number(name)])
      .filter(([, value]) => value !== undefined),
  );

// States: idle, connecting, waiting, in_call, ended, error. Drivers read them from the body.
export function show(state, status) {
  document.body.dataset.state = state;
  element("status").textContent = status;
  element("error").textContent = "";
}

export function fail(reason) {
  show("error", "");
  element("error").textContent = reason;
}

export function note(message) {
  element("notice").textContent = message;
}

export function prefill(...ids) {
  for (const id of ids) {
    element(id).value = text(id, element(id).value);
  }
}

// An element's video, or nothing; audio of one's own is never played back.
export function play(id, stream) {
  const video = element(id);
  video.srcObject = stream;
  if (stream) {
    video.play().catch(() => {}); // without a user's gesture a browser may refuse; controls remain
  }
}
