// Reports what becomes of a frame's data channels: a message `channel` as one opens, closes or
// fails, and whether the page itself closed it. Messages are not looked at, unless `config.answers`
// names channels, as {label, member, question, answer}: then the time to the answers of what is sent
// on these is measured. An answer is the same text that comes back, or, with a member, a JSON object
// with the same value there, or, of a question "ping *" with the answer "pong *", a text with the
// same in the place of the star, on any channel; the first one counts.
//
// Returns watch(entry, channel), to be called for each channel of a connection as it is made, and
// known(stat, entry): members of our own for the statistics of a channel, or null.
(config, send, wrap) => {
  const MOST = 10_000; // messages of a label that are remembered
  const closedByPage = new WeakSet();
  const watched = new WeakSet();
  const onSend = new WeakMap(); // channel -> what is to be told of a message that it sends
  const timesOf = new WeakMap(); // connection's entry -> Map of channel id -> {measured, total_s}

  // What a question and its answer have in common; undefined for what is neither.
  const keyOf = (data, member, pattern) => {
    if (typeof data !== "string") return undefined;
    if (pattern) {
      const [before, after] = pattern.split("*");
      const fits = data.length >= before.length + after.length
        && data.startsWith(before) && data.endsWith(after);
      return fits ? data.slice(before.length, data.length - after.length) : undefined;
    }
    if (!member) return data;
    try {
      return JSON.stringify(JSON.parse(data)?.[member]);
    } catch {
      return undefined; // no JSON
    }
  };

  // By label: messages sent that wait for an answer, and, where the answer is the same text or member,
  // those received, which are no questions of this page's if it sends them on.
  const asked = config.answers.map((answers) => ({ ...answers, waiting: new Map(), heard: new Set() }));
  const forgetOldest = (collection) => {
    if (collection.size > MOST) collection.delete(collection.keys().next().value);
  };

  // Times the answers to what is sent on this channel.
  const timeAnswers = (channel, { member, question, waiting, heard }) => {
    const times = { measured: 0, total_s: 0 };
    onSend.set(channel, (data) => {
      const key = keyOf(data, member, question);
      if (key === undefined || waiting.has(key) || heard.has(key)) return;
      waiting.set(key, { times, sent: performance.now() });
      forgetOldest(waiting);
    });
    return times;
  };

  const received = (data) => {
    for (const { member, question, answer, waiting, heard } of asked) {
      const key = keyOf(data, member, answer);
      const answered = waiting.get(key);
      if (answered) {
        answered.times.measured += 1;
        answered.times.total_s += (performance.now() - answered.sent) / 1000;
        waiting.delete(key);
        continue;
      }
      if (question || key === undefined) continue;
      heard.add(key);
      forgetOldest(heard);
    }
  };

  const watch = (entry, channel) => {
    if (watched.has(channel)) return;
    watched.add(channel);
    const answers = asked.find(({ label }) => label === channel.label);
    const times = answers && timeAnswers(channel, answers);
    if (asked.length > 0) channel.addEventListener("message", ({ data }) => received(data));
    const say = (state, error = null) => send(JSON.stringify({
      message: "channel", connection: entry.id, id: channel.id, label: channel.label, state, error,
      by_page: closedByPage.has(channel), page_time_ms: performance.timeOrigin + performance.now(),
    }));
    const opened = () => {
      if (times) {
        if (!timesOf.has(entry)) timesOf.set(entry, new Map());
        timesOf.get(entry).set(channel.id, times);
      }
      say("open");
    };
    if (channel.readyState === "open") opened();
    else channel.addEventListener("open", opened);
    channel.addEventListener("close", () => say("closed"));
    channel.addEventListener("error", ({ error }) => say("failed", String(error?.message ?? error)));
  };

  const channels = window.RTCDataChannel?.prototype;
  wrap(channels, "close", {
    apply(target, channel, args) {
      if (channel.readyState === "open") closedByPage.add(channel);
      return Reflect.apply(target, channel, args);
    },
  });
  if (config.answers.length > 0) {
    wrap(channels, "send", {
      apply(target, channel, args) {
        Reflect.apply(target, channel, args); // what it refuses is not sent
        onSend.get(channel)?.(args[0]);
      },
    });
  }

  const known = (stat, entry) => {
    if (stat.type !== "data-channel") return null;
    const times = timesOf.get(entry)?.get(stat.dataChannelIdentifier);
    return times
      ? { roundTripTimeMeasurements: times.measured, totalRoundTripTime: times.total_s }
      : null;
  };
  return { watch, known };
}
