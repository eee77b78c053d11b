// Avoids work that costs a probe CPU and makes no difference to the server or the page.
(hideMedia) => {
  // Echo cancellation, noise suppression and gain control of a synthetic voice: a tenth of a probe's CPU.
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
  // asks whether an element is visible still gets yes. Screenshots are taken without it.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(hideMedia);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
