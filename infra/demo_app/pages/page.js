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

// The videos of several people, each with a name; those who are shown already stay as they are.
export function playOthers(people) {
  const place = element("others");
  const shown = new Map([...place.children].map((figure) => [figure.dataset.from, figure]));
  place.replaceChildren(
    ...people.map(({ from, name, stream }) => {
      const figure = shown.get(from) ?? document.createElement("figure");
      if (!shown.has(from)) {
        const video = Object.assign(document.createElement("video"), { autoplay: true, playsInline: true });
        figure.dataset.from = from;
        figure.append(video, Object.assign(document.createElement("figcaption"), { textContent: name }));
      }
      const video = figure.querySelector("video");
      const tracks = (of) => (of?.getTracks() ?? []).map(({ id }) => id).join();
      if (tracks(video.srcObject) !== tracks(stream)) {
        video.srcObject = stream;
        video.play().catch(() => {}); // as above
      }
      return figure;
    }),
  );
}
