// The user's camera and microphone, or a sentence that says why there is none.

import { flag, number } from "./page.js";

const REASONS = {
  NotAllowedError: "The camera was refused. Allow it for this page in the browser, then try again.",
  NotFoundError: "No camera or microphone was found.",
  NotReadableError: "The camera is in use by another program.",
  OverconstrainedError: "The camera cannot give the size or frame rate asked for.",
};

export async function openCamera(size) {
  if (!navigator.mediaDevices) {
    throw new Error("Browsers give a page its camera only over https, or on localhost.");
  }
  const processing = flag("processing", true);
  const video = {
    width: { ideal: number("width") ?? size.width },
    height: { ideal: number("height") ?? size.height },
    ...(number("fps") && { frameRate: { ideal: number("fps") } }),
  };
  const audio = {
    echoCancellation: processing,
    noiseSuppression: processing,
    autoGainControl: processing,
  };
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: flag("video", true) && video,
      audio: flag("audio", true) && audio,
    });
  } catch (error) {
    throw new Error(REASONS[error.name] ?? `The camera cannot be used: ${error.message}`);
  }
}

export function closeCamera(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}
