"""Flags of Chromium for tests whose pages call with its fake cameras."""

from __future__ import annotations

FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
)

ALLOWED = "--use-fake-ui-for-media-stream"
"""Pages may use the cameras without a question."""
