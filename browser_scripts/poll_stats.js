// Reports getStats() of a frame's connections once a period, as one JSON string through `send`. It
// reports the raw W3C members that `config.fields` names, and computes nothing.
//
// Polls are due by the wall clock (at multiples of the period, plus the probe's phase), so that they
// do not drift and the probes of a host stay spread. A poll that is due while the one before it is
// unfinished is left out; the lateness of the next one counts from the first that was left out.
//
// `known(stat, report, entry)` returns members that replace the browser's own in a stat, or null.
// `lookAtSenders(entry)` is watch_senders.js's.
(config, send, connections, known, lookAtSenders) => {
  const top = window === window.top;
  const now = () => performance.timeOrigin + performance.now();
  // All frames and tabs of a probe poll at the same moments; the farm joins them into one report.
  const offset_ms = config.phase * config.period_ms;
  const dueAfter = (time) =>
    (Math.floor((time - offset_ms) / config.period_ms) + 1) * config.period_ms + offset_ms;

  // Once a pair is selected, the other pairs and their candidates do not change: left out.
  const ICE = new Set(["candidate-pair", "local-candidate", "remote-candidate"]);
  const wanted = (report) => {
    const selected = new Set();
    for (const stat of report.values()) {
      const pair = stat.type === "transport" && report.get(stat.selectedCandidatePairId);
      if (pair) selected.add(pair.id).add(pair.localCandidateId).add(pair.remoteCandidateId);
    }
    const all = [...report.values()];
    return selected.size === 0 ? all : all.filter((stat) => !ICE.has(stat.type) || selected.has(stat.id));
  };

  const filtered = (report, entry) => {
    const stats = [];
    for (const stat of wanted(report)) {
      const members = config.fields[stat.type];
      if (!members) continue;
      const kept = { type: stat.type };
      const better = known(stat, report, entry);
      for (const member of members) {
        const value = better && member in better ? better[member] : stat[member];
        if (value !== undefined) kept[member] = value;
      }
      stats.push(kept);
    }
    return stats;
  };

  // Reported while ICE is not connected and until the first media: why a probe may fail to join.
  const candidates = (description) => description?.sdp.match(/^a=candidate:/gm)?.length ?? 0;
  const progress = ({ connection, closed, first_media }) => {
    if (closed) return undefined;
    const { localDescription, remoteDescription, iceConnectionState, iceGatheringState } = connection;
    const done = ["connected", "completed"].includes(iceConnectionState);
    if (done && first_media.length > 0) return undefined;
    return {
      ice: iceConnectionState,
      gathering: iceGatheringState,
      answered: Boolean(localDescription && remoteDescription),
      receives: connection.getTransceivers().some((each) => each.currentDirection?.includes("recv")),
      local_candidates: done ? null : candidates(localDescription),
      remote_candidates: done ? null : candidates(remoteDescription),
    };
  };

  const read = async (entry) => {
    try {
      const report = await (entry.closed ? entry.last : entry.connection.getStats());
      if (report?.size > 0) entry.stats = filtered(report, entry);
    } catch {
      // A connection that cannot be read is still reported, with its state and its last figures.
    }
    return {
      connection: entry.id,
      state: entry.closed ? "closed" : entry.connection.connectionState,
      offered_ms: entry.offered_ms,
      first_media: entry.first_media,
      stats: entry.stats ?? [],
      progress: progress(entry),
    };
  };

  // The period's number, which is the same in all tabs of a probe. Timers may fire a little early.
  const periodOf = (due, started) =>
    Math.floor((Math.max(due, started) - offset_ms) / config.period_ms + 0.001);

  let polled = false;
  const poll = async (due, period) => {
    const started = now();
    const ended = connections.filter((entry) => entry.closed);
    connections.forEach(lookAtSenders);
    const reports = await Promise.all(connections.map(read));
    // A closed connection is reported once, then forgotten.
    for (const entry of ended) connections.splice(connections.indexOf(entry), 1);
    // A child frame without any is silent after its first poll, which ends that of the document before.
    if (!top && polled && reports.length === 0) return;
    polled = true;
    send(JSON.stringify({
      message: "poll", period, page_time_ms: started, late_ms: started - due, connections: reports,
    }));
  };

  let missed = null;
  let busy = false;
  const schedule = (due) => {
    const onTime = async () => {
      schedule(dueAfter(Math.max(due, now())));
      missed ??= due;
      if (busy) return;
      const first = missed;
      missed = null;
      busy = true;
      try {
        await poll(first, periodOf(due, now()));
      } finally {
        busy = false;
      }
    };
    setTimeout(onTime, Math.max(0, due - now()));
  };
  schedule(dueAfter(now()));
}
