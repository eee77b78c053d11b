"""Run the demo application: `python -P -m infra.demo_app --kurento ws://HOST:8888/kurento`.

With `--janus ws://HOST:8188` in front of a Janus.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import ssl
import sys
from functools import partial
from pathlib import Path

from aiohttp import web

from farm.errors import BadInput
from farm.janus.protocol import check_url as check_janus_url
from farm.kurento.protocol import check_url
from infra.demo_app.janus.server import JanusServer
from infra.demo_app.kurento.server import KurentoServer
from infra.demo_app.server import App
from infra.demo_app.stages import Connect


def main() -> int:
    """Serve until SIGTERM or SIGINT; print one line of JSON on stdout once pages are served."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    try:
        asyncio.run(_serve(options))
    except BadInput as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="infra.demo_app", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8443, help="0 takes a free one")
    parser.add_argument(
        "--kurento", default="ws://127.0.0.1:8888/kurento", help="the media server's address"
    )
    parser.add_argument("--janus", help="of a Janus, in place of a Kurento: ws://HOST:8188")
    parser.add_argument("--tls-cert", type=Path, help="certificate (PEM): serve https")
    parser.add_argument("--tls-key", type=Path, help="its key (PEM)")
    parser.add_argument(
        "--recordings-dir",
        default="/var/tmp/farm",  # noqa: S108 - a directory of the media server, not ours
        help="directory on the media server where calls are recorded",
    )
    parser.add_argument("--mix-width", type=int, help="of the picture that a room is mixed into")
    parser.add_argument("--mix-height", type=int, help="likewise")
    parser.add_argument("--mix-frame-rate", type=int, help="likewise, frames a second")
    return parser.parse_args()


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    tls = _tls(options.tls_cert, options.tls_key)
    app = App(_connect(options))
    runner = web.AppRunner(app.routes(), shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port, ssl_context=tls)
        try:
            await site.start()
        except (OSError, OverflowError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or error
            raise BadInput(
                f"--host {options.host} --port {options.port}: cannot listen there ({why})"
            ) from error
        host = f"[{options.host}]" if ":" in options.host else options.host
        scheme = "http" if tls is None else "https"
        url = f"{scheme}://{host}:{runner.addresses[0][1]}/"
        sys.stdout.write(json.dumps({"ready": True, "url": url}) + "\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await app.close()
        await runner.cleanup()


def _connect(options: argparse.Namespace) -> Connect:
    """What connects to the media server. Raises BadInput for an address that can be none."""
    recordings = options.recordings_dir.rstrip("/")
    if options.janus is not None:
        return partial(JanusServer, check_janus_url(options.janus, "--janus"), recordings)
    asked = {
        "width": options.mix_width,
        "height": options.mix_height,
        "framerate": options.mix_frame_rate,
    }
    mix = {name: value for name, value in asked.items() if value is not None}
    return partial(KurentoServer, check_url(options.kurento), recordings, mix=mix)


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise BadInput("--tls-cert and --tls-key: give both, or none")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:
        raise BadInput(f"--tls-cert {certificate} --tls-key {key}: {error}") from error
    return context


if __name__ == "__main__":
    sys.exit(main())
