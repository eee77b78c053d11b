"""Compares one stream with the limits: which windows break them, and whether the stream fails.

Pure. A stream fails if two windows in a row, or the last one, break a limit ("What counts" in
docs/method.md). A figure that is unknown (None) breaks no limit; a window without any poll breaks
one of its own, `no_evidence`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from farm.model.criteria import Criteria
from farm.model.trial_evidence import StreamInterval
from farm.verdict.baseline import StreamBaseline
from farm.verdict.speaker_switches import switching_ratio

LEAST_LOST_PACKETS = 5
LEAST_FREEZE_S = 0.5
"""Up to so much in a window breaks no limit, as chance would decide."""

OVERLAP_S = 3.0
"""How long two streams may overlap while one takes over from the other."""

FAR_BEYOND = 1000.0
"""`Breach.beyond` of what has no number, such as a silent stream."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that was broken. `beyond` is the ratio of value and limit, from 1 up.

    `at_s` is when it was broken first, `worst_at_s` the start of the window in which it was broken
    most; None for what is not judged by windows. `in_last_window`: only there, so that it is not
    known whether it would have gone on.
    """

    code: str
    value: float | None
    limit: float | None
    beyond: float
    window: int
    at_s: float
    in_last_window: bool = False
    worst_at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The payload sent of a forwarded stream in a window, and the number of polls in it.

    `edge` is the share of it that the first poll or the last one counted, whichever is more: its
    receiver may count that in another window. `unseen` is the share of the window for which it is
    unknown what was sent: counters begin anew where a stream is moved; `taking_over` is the share
    in which two streams may overlap.
    """

    bitrate_bps: float
    polls: int
    unseen: float = 0.0
    edge: float = 0.0
    taking_over: float = 0.0

    @property
    def under_way(self) -> float:
        """The share that its receiver may count in another window: at least one poll's."""
        return max(1 / max(self.polls, 1), self.edge)

    def unknown(self, received: StreamInterval) -> float:
        """The share of a window for which it is unknown what was sent, or what was received."""
        both = max(self.taking_over, taking_over(received))
        return self.unseen + unseen(received) + both


@dataclass(frozen=True, slots=True)
class Reference:
    """What a stream is compared with; None where there is nothing to compare.

    `asked` is the frame rate that the page asked the stream's camera for in each window, `None`
    for a window in which the video is no camera's. For a mix it is None as a whole: that is
    compared with its baseline and with the `size` of its frames. So it is for a video of the
    server's own (`is_of_server`), which is compared with its baseline alone. `sent` is what was
    sent of a forwarded stream in each window. `still_s` is of a screen for how long its sender sent
    nothing in each window, where that is known; `None` as a whole: it is no screen. `may_switch`:
    the server may send another sender's video in its place.
    """

    baseline: StreamBaseline | None = None
    asked: Mapping[int, float | None] | None = None
    sent: Mapping[int, Sent] | None = None
    size: tuple[int, int] | None = None
    still_s: Mapping[int, float | None] | None = None
    may_switch: bool = False
    is_of_server: bool = False

    def switching(self, interval: StreamInterval) -> float:
        """The share of a window in which the video may wait for key frames of other senders."""
        if not self.may_switch:
            return 0.0
        return switching_ratio(interval.key_frames, interval.end_s - interval.start_s)


def failing(
    windows: Mapping[int, StreamInterval],
    expected: int,
    criteria: Criteria,
    reference: Reference,
) -> tuple[Breach, ...]:
    """The worst breach of each limit that makes the stream fail; empty: it passes.

    `windows` are the stream's own by number, `expected` is how many the hold has.
    """
    broken = {
        window: breaches
        for window in range(expected)
        if (breaches := tuple(_window(windows.get(window), window, criteria, reference)))
    }
    counts = [
        breach if in_a_row else replace(breach, in_last_window=True)
        for window, breaches in broken.items()
        for in_a_row in [window - 1 in broken or window + 1 in broken]
        for breach in breaches
        if in_a_row
        or window == expected - 1
        or (breach.code == "delivered" and window == _last_known(windows, reference))
    ]
    if expected == 0:
        counts.append(Breach("no_evidence", None, None, FAR_BEYOND, 0, 0.0))
    counts.extend(_persistent(windows, criteria, reference))
    return _worst_of_each(counts)


def _window(
    interval: StreamInterval | None, window: int, criteria: Criteria, reference: Reference
) -> Iterator[Breach]:
    if interval is not None and not interval.owed:
        return
    if interval is None or interval.polls == 0:
        at_s = interval.start_s if interval else 0.0
        yield Breach("no_evidence", None, None, FAR_BEYOND, window, at_s)
        return
    yield from _losses(interval, criteria)
    yield from _motion(interval, criteria, reference)
    yield from _rates(interval, criteria, reference)


def _losses(interval: StreamInterval, criteria: Criteria) -> Iterator[Breach]:
    loss, lost = interval.residual_loss_ratio, interval.packets_lost
    if loss is not None and lost is not None and lost > LEAST_LOST_PACKETS:
        yield from _at_most(interval, "residual_loss", loss, criteria.residual_loss)
    if interval.repair_ratio is not None:
        repaired = interval.repair_ratio * (interval.packets or 0)
        if repaired > LEAST_LOST_PACKETS:
            yield from _at_most(interval, "repair", interval.repair_ratio, criteria.repair)


def _motion(interval: StreamInterval, criteria: Criteria, reference: Reference) -> Iterator[Breach]:
    if reference.still_s is None:
        yield from _freezes(interval, criteria, reference.switching(interval))
        yield from _gaps(interval, criteria.gap_s)
    else:
        yield from _motion_of_screen(interval, criteria, reference.still_s.get(interval.window))
    yield from _frames(interval, criteria, reference)


def _freezes(interval: StreamInterval, criteria: Criteria, more: float = 0.0) -> Iterator[Breach]:
    if interval.stalled_ratio is not None:
        least = LEAST_FREEZE_S / max(interval.end_s - interval.start_s, LEAST_FREEZE_S)
        limit = max(criteria.stalled_share, least) + more
        yield from _at_most(interval, "stalled", interval.stalled_ratio, limit)


def _gaps(interval: StreamInterval, limit_s: float) -> Iterator[Breach]:
    if interval.gap_s is not None:
        yield from _at_most(interval, "gap", interval.gap_s, limit_s)


def _motion_of_screen(
    interval: StreamInterval, criteria: Criteria, still_s: float | None
) -> Iterator[Breach]:
    """A screen may stand still, and then little is sent: only what its sender sent can be late.

    Something is sent of it in every window, however still it stands.
    """
    if interval.packets == 0:
        yield from _gaps(interval, criteria.gap_s)
    elif still_s is not None:
        yield from _gaps(interval, criteria.gap_s + still_s)
        if still_s <= LEAST_FREEZE_S:
            yield from _freezes(interval, criteria)


def _frames(interval: StreamInterval, criteria: Criteria, reference: Reference) -> Iterator[Breach]:
    """Frame rate and size: a mix against its baseline, a forwarded video against its camera."""
    usual, rate = reference.baseline, interval.frame_rate
    asked = usual.frame_rate if usual else None
    if reference.asked is not None:
        asked = reference.asked.get(interval.window)
    if rate is not None and asked is not None:
        limit = criteria.frame_rate_of_baseline * asked * (1 - reference.switching(interval))
        yield from _at_least(interval, "frame_rate", rate, limit)
    width, height = interval.frame_width, interval.frame_height
    if width is None or height is None:
        return
    if reference.size is not None and (width, height) != reference.size:
        of_mix = reference.size[0] * reference.size[1]
        yield _breach(interval, "size", width * height, of_mix, 2.0)
    if interval.direction == "inbound" and criteria.frame_height is not None:
        yield from _at_least(interval, "frame_height", height, criteria.frame_height)
    usual_pixels = usual.pixels_per_s if usual and reference.size is None else None
    is_camera = reference.asked is not None and asked is not None and reference.still_s is None
    adapts = is_camera or reference.is_of_server
    if interval.direction == "inbound" and adapts and usual_pixels and rate is not None:
        limit = criteria.pixels_of_baseline * usual_pixels
        yield from _at_least(interval, "pixels", width * height * rate, limit)


def _rates(interval: StreamInterval, criteria: Criteria, reference: Reference) -> Iterator[Breach]:
    target = reference.baseline.target_bitrate_bps if reference.baseline else None
    if interval.direction == "outbound" and target and interval.target_bitrate_bps is not None:
        limit = criteria.target_of_baseline * target
        yield from _at_least(interval, "target_bitrate", interval.target_bitrate_bps, limit)
    sent = (reference.sent or {}).get(interval.window)
    delivered = _delivered(interval, sent)
    if sent is None or delivered is None:
        return
    if delivered + sent.under_way + sent.unknown(interval) < criteria.delivered:
        yield from _at_least(interval, "delivered", delivered, criteria.delivered)


def _persistent(
    windows: Mapping[int, StreamInterval], criteria: Criteria, reference: Reference
) -> Iterator[Breach]:
    """The breach of a stream of which too little was delivered all through the hold.

    Each window alone is granted what may be counted in another one; several windows in a row are
    granted that once. Both their median and their total must be below the limit: neither a single
    bad window nor what chance moves from one to the next is enough. Windows of which a poll or more
    is unknown are left out.
    """
    sent = reference.sent or {}
    shares = {
        window: share
        for window, interval in sorted(windows.items())
        if (share := _delivered(interval, sent.get(window))) is not None
        and sent[window].unknown(interval) < 1 / max(sent[window].polls, 1)
    }
    if len(shares) < 2:
        return
    usual = median(shares.values())
    due = sum(sent[window].bitrate_bps for window in shares)
    whole = sum(share * sent[window].bitrate_bps for window, share in shares.items()) / due
    under_way = sum(
        sent[window].under_way * sent[window].bitrate_bps
        for window in shares
        if window + 1 not in shares
    )
    if max(usual, whole) + under_way / due < criteria.delivered:
        least = windows[min(shares, key=lambda window: shares[window])]
        for breach in _at_least(least, "delivered", usual, criteria.delivered):
            yield replace(breach, at_s=windows[min(shares)].start_s)


def _last_known(windows: Mapping[int, StreamInterval], reference: Reference) -> int:
    """The last window for which more than half of sent and received payload is known; -1: none."""
    sent = reference.sent or {}
    known = (
        window
        for window, interval in windows.items()
        if _delivered(interval, sent.get(window)) is not None
        and sent[window].unknown(interval) < 1 / 2
    )
    return max(known, default=-1)


def _delivered(interval: StreamInterval, sent: Sent | None) -> float | None:
    if sent is None or interval.bitrate_bps is None or not interval.owed:
        return None
    return interval.bitrate_bps / sent.bitrate_bps


def unseen(interval: StreamInterval) -> float:
    """The share of a window for which the payload is unknown."""
    if not interval.bitrate_bps or interval.payload_bytes is None:
        return 0.0
    seen_s = 8 * interval.payload_bytes / interval.bitrate_bps
    return max(0.0, 1 - seen_s / (interval.end_s - interval.start_s))


def taking_over(interval: StreamInterval) -> float:
    """The share of a window in which two streams may overlap, of which a server may forward
    either."""
    return OVERLAP_S / (interval.end_s - interval.start_s) if interval.is_taken_over else 0.0


def _at_most(interval: StreamInterval, code: str, value: float, limit: float) -> Iterator[Breach]:
    if value > limit:
        yield _breach(interval, code, value, limit, value / limit if limit > 0 else FAR_BEYOND)


def _at_least(interval: StreamInterval, code: str, value: float, limit: float) -> Iterator[Breach]:
    if value < limit:
        yield _breach(interval, code, value, limit, limit / value if value > 0 else FAR_BEYOND)


def _breach(
    interval: StreamInterval, code: str, value: float, limit: float, beyond: float
) -> Breach:
    at_s = interval.start_s
    far = min(beyond, FAR_BEYOND)
    return Breach(code, value, limit, far, interval.window, at_s, worst_at_s=at_s)


def _worst_of_each(breaches: Sequence[Breach]) -> tuple[Breach, ...]:
    """One breach for each limit: the worst, with the time at which it was first broken."""
    codes = dict.fromkeys(breach.code for breach in breaches)
    worst_of_each = []
    for code in codes:
        same = [breach for breach in breaches if breach.code == code]
        worst = max(same, key=lambda breach: breach.beyond)
        first = min(same, key=lambda breach: breach.at_s)
        in_last_window = all(breach.in_last_window for breach in same)
        worst_of_each.append(
            replace(worst, window=first.window, at_s=first.at_s, in_last_window=in_last_window)
        )
    return tuple(sorted(worst_of_each, key=lambda breach: -breach.beyond))
