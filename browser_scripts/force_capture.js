// Gives a page the camera and microphone of the experiment, whatever constraints it asks with.
// `forced` has the width, height and frame_rate of the camera, and whether there is audio. A page that
// asks for audio alone gets it: there is no capture of nothing.
(forced, wrap) => {
  const devices = window.MediaDevices?.prototype; // absent where the context is not secure
  const camera = { width: forced.width, height: forced.height, frameRate: forced.frame_rate };
  wrap(devices, "getUserMedia", {
    apply(target, self, [constraints, ...rest]) {
      const { video, audio } = constraints ?? {};
      const asked = { ...(video && { video: camera }), ...(audio && (forced.audio || !video) && { audio: true }) };
      return Reflect.apply(target, self, [video || audio ? asked : constraints, ...rest]);
    },
  });
}
