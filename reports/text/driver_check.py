"""A checked driver in lines: each probe, its connections, their streams. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from farm.model.verdict import Outcome
from farm.model.wording import counted
from farm.planning.receivers import receivers
from farm.results.checked_connections import CheckedConnection
from farm.results.checked_streams import FAULTY, CheckedStream
from farm.results.driver_check import CheckedProbe, CheckedTrial
from reports.wording.stream_names import stream_names

OF_THE_SERVER = frozenset({"signalling", "request"})
"""Reasons of probes that did not join by which the page or its server failed, not a step alone."""

_STATES = {
    "came": "",
    "missing": "NEVER CAME",
    "stopped": "STOPPED before the end",
    "not sent": "its page gave nothing to send",
    "extra": "not owed",
}


HEADINGS = (
    "the first time, with a picture of each step:",
    "the second time, without pictures, at the pace of farm run:",
)


def trial_lines(trials: Sequence[CheckedTrial]) -> Iterator[str]:
    """The probes of one trial, or of both under a heading each; an empty line before each probe."""
    for heading, trial in zip(HEADINGS, trials, strict=False):
        if len(trials) > 1:
            yield from ("", heading)
        for probe in trial.probes:
            yield from ("", *probe_lines(probe))


def probe_lines(probe: CheckedProbe) -> list[str]:
    """What came of a probe, its connections and streams indented below it."""
    lines = [f"{probe.plan.probe} ({probe.plan.role} of {probe.plan.session}): {_joined(probe)}"]
    if not probe.connections:
        lines.append(f"  {probe.no_call or 'its page made no RTCPeerConnection'}")
    named = dict(zip(probe.streams, _names(probe), strict=True))
    for connection in probe.connections:
        lines.append(f"  {connection_line(connection)}")
        lines += [
            f"    {stream_line(stream, named[stream])}"
            for stream in probe.streams
            if stream.stream.connection == connection.connection
        ]
    known = {connection.connection for connection in probe.connections}
    lines += [
        f"  {stream_line(stream, named[stream])}"
        for stream in probe.streams
        if stream.stream.connection not in known
    ]
    if probe.open_after_leave is not None and probe.connections:
        lines.append(f"  {_leaving(probe)}")
    return [*lines, *(f"  {line}" for line in probe.trouble)]


def connection_line(connection: CheckedConnection) -> str:
    """`connection k3x9-0 in frame meet: connected, closed by the page; host udp ... -> ...`."""
    place = "" if not connection.tab else f" in tab {connection.tab + 1}"
    place += f" in frame {connection.frame}" if connection.frame else ""
    states = [state for state, _ in groupby(connection.states)]
    seen = ", ".join(states) or "no state seen"
    if connection.closed_by_page:
        seen += " by the page"
    route = f"; {connection.route}" if connection.route else ""
    return f"connection {connection.connection}{place}: {seen}{route}"


def stream_line(stream: CheckedStream, name: str) -> str:
    """`video received from p001: VP8, 640x480, 20 frames/s, 480 kbit/s`."""
    video = stream.stream.kind == "video"
    parts = [
        _STATES[stream.state],
        stream.codec,
        f"{stream.size[0]}x{stream.size[1]}" if video and stream.size else "",
        f"{stream.frame_rate:.0f} frames/s" if video and stream.frame_rate is not None else "",
        "" if stream.bitrate_bps is None else f"{stream.bitrate_bps / 1e3:.0f} kbit/s",
        f"encodings {', '.join(stream.rids)}" if len(stream.rids) > 1 else "",
    ]
    return f"{name}: {', '.join(part for part in parts if part) or 'came'}"


def answer_line(trials: Sequence[CheckedTrial]) -> str:
    """Whether the driver works, in one line; `trials` are all that were made."""
    for number, trial in enumerate(trials):
        if trial.unknown is not None:
            seen = f" (what was seen: {trial.problems[0]})" if trial.problems else ""
            return f"nothing can be said of the driver: {trial.unknown}{seen}"
        if trial.problems:
            first = "the driver worked in the first trial; in the next " if number else ""
            return f"{first}{_what_failed(trial)}: {trial.problems[0]}"
    probes = trials[-1].probes
    streams = [stream for probe in probes for stream in probe.streams if stream.stream.owed]
    came = sum(stream.state not in FAULTY for stream in streams)
    return (
        f"the driver works: {len(probes)} of {counted(len(probes), 'probe')} joined, {came} of "
        f"{counted(len(streams), 'owed stream')} came and stayed"
    )


def _what_failed(trial: CheckedTrial) -> str:
    """Whether it is the driver that does not work, or the page's server or its media.

    A dialog may ask for what the driver lacks, or tell that the server refused the page.
    """
    joins = [probe.join for probe in trial.probes]
    reasons = {join.reason for join in joins if join is not None and not join.joined}
    if None not in joins and reasons - {"partner"} == {"media"}:
        return "the driver's steps work, but media do not connect"
    if "dialog" in reasons and reasons <= OF_THE_SERVER | {"dialog", "media", "timeout", "partner"}:
        return "the driver does not get past a dialog of the page"
    if reasons & OF_THE_SERVER and reasons <= OF_THE_SERVER | {"media", "timeout", "partner"}:
        return "the driver may be right, but the page or its server failed"
    return "the driver does not work"


def run_line(trial: CheckedTrial) -> str:
    """What `farm run` says of a trial, with its first reason."""
    verdict = trial.verdict
    why = "" if not verdict.reasons else f": {verdict.reasons[0].message}"
    line = f"the verdict of farm run on that trial: {verdict.outcome}{why}"
    if verdict.outcome is Outcome.PASS or not trial.works:
        return line
    return f"{line} (that is quality, or this machine: it is not the driver's)"


def _names(probe: CheckedProbe) -> Iterator[str]:
    streams = [each.stream for each in probe.streams]
    return iter(stream_names(streams, receivers(streams)))


def _joined(probe: CheckedProbe) -> str:
    join = probe.join
    if join is None or not join.joined:
        return f"DID NOT JOIN ({'no reason' if join is None else join.reason})"
    media = ""
    if probe.joined_s is not None and probe.first_media_s is not None and join.join_s is not None:
        first_s = max(0.0, probe.first_media_s - (probe.joined_s - join.join_s))
        media = f", first media received after {first_s:.1f} s"
    return f"joined after {join.join_s or 0.0:.1f} s{media}"


def _leaving(probe: CheckedProbe) -> str:
    if not probe.open_after_leave:
        return "left: all its connections were closed"
    return f"left: {probe.open_after_leave} of its connections stayed open until its page closed"
