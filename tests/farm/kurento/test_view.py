"""A server's own view, from the embedded one and from a real one's words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiortc import RTCCertificate

from farm.kurento import KurentoClient
from farm.kurento.view import KurentoView, endpoint_stats, type_of
from farm.model.run_clock import RunClock
from infra.embedded_kurento.factories import factories
from infra.embedded_kurento.files.places import Places
from infra.embedded_kurento.server import Server, serving
from infra.embedded_kurento.webrtc.endpoint import Network

RECORDED = Path(__file__).parents[2] / "data" / "kurento" / "loopback.jsonl"


@asynccontextmanager
async def embedded() -> AsyncIterator[str]:
    network = Network(["127.0.0.1"], RTCCertificate.generateCertificate(), 9999)
    server = Server(factories(network, Places()), session_grace_s=0.0)
    async with serving(server, "127.0.0.1", 0) as port:
        yield f"ws://127.0.0.1:{port}/kurento"


async def test_pipelines_elements_and_ways_of_a_call() -> None:
    async with embedded() as url, KurentoClient.connect(url) as app:
        view = KurentoView(url, RunClock())
        empty = await view.sample()
        assert empty is not None
        assert (empty.pipelines, empty.elements, empty.endpoints) == (0, (), ())
        assert await view.topology() is None

        pipeline = await app.create("MediaPipeline")
        ends = [await app.create("WebRtcEndpoint", {"mediaPipeline": pipeline}) for _ in range(2)]
        await ends[0].connect(ends[1])
        await ends[1].connect(ends[0], "AUDIO")
        hub = await app.create("Composite", {"mediaPipeline": pipeline})
        await app.create("HubPort", {"hub": hub})

        full = await view.sample()
        assert full is not None
        assert full.pipelines == 1
        assert dict(full.elements) == {"Composite": 1, "HubPort": 1, "WebRtcEndpoint": 2}
        assert full.used_memory_bytes is not None
        assert full.used_memory_bytes > 10_000_000
        topology = await view.topology()
        assert topology is not None
        assert {(each.source, each.sink, each.kind) for each in topology.connections} == {
            (ends[0].id, ends[1].id, "audio"),
            (ends[0].id, ends[1].id, "video"),
            (ends[1].id, ends[0].id, "audio"),
        }
        assert {each.transcoded for each in topology.connections} == {False}
        await pipeline.release()
        gone = await view.sample()
        assert gone is not None
        assert gone.pipelines == 0
        await view.close()


async def test_a_server_that_is_not_there_says_nothing() -> None:
    view = KurentoView("ws://127.0.0.1:1/kurento", RunClock())
    assert await view.sample() is None
    assert await view.topology() is None
    await view.close()


def test_statistics_of_a_real_one() -> None:
    (stats,) = (
        message["result"]["value"].values()
        for _, _, message in map(json.loads, RECORDED.read_text(encoding="utf-8").splitlines())
        if "inboundrtp" in json.dumps(message) and "result" in message
        if any("remb" in each for each in message["result"]["value"].values())
    )
    inbound, outbound = sorted(
        (endpoint_stats("e", "video", each) for each in stats), key=lambda each: each.direction
    )
    assert (inbound.packets, inbound.octets, inbound.packets_lost) == (1025, 946300, -1)
    assert inbound.jitter_s == pytest.approx(0.00093, abs=1e-5)
    assert inbound.remb_bps == 500_000
    assert (outbound.packets, outbound.remb_bps) == (1007, 746_344)
    assert outbound.round_trip_time_s == pytest.approx(0.00247, abs=1e-5)


def test_types_are_read_from_ids() -> None:
    assert type_of("a_kurento.MediaPipeline/b_kurento.Composite/c_kurento.HubPort") == "HubPort"
    assert type_of("manager_ServerManager") == "unknown"
