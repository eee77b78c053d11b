// Leaves out work that costs a probe CPU and changes nothing for the server; pages do not notice.
(hideMedia) => {
  // Echo cancellation and its kin, run on a made voice: a tenth of a probe's CPU.
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const devices = window.MediaDevices?.prototype; // absent where the context is not secure
  if (devices) {
    devices.getUserMedia = new Proxy(devices.getUserMedia, {
      apply(target, self, [constraints, ...rest]) {
        const audio = constraints?.audio;
        const legacy = audio?.mandatory || audio?.optional; // may not be mixed with today's names
        const asked =
          audio && !legacy ? { ...constraints, audio: { ...(audio === true ? {} : audio), ...plain } } : constraints;
        return Reflect.apply(target, self, [asked, ...rest]);
      },
    });
  }

  // Media elements play but are not drawn. Transparent, not hidden: a page, or a driver's step, that
  // asks whether an element is visible still gets yes. A picture of the page is taken without it.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(hideMedia);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
