// One request to an end point or session: tokens, redirects, when to try again, refusals in words.

const AGAIN_MS = 500; // where the answer has no Retry-After
const LONGEST_MS = 2000; // unless Retry-After is longer: a stream that is there is not waited for
const PATIENCE_MS = 25000; // a driver waits 30 s

const REASONS = {
  400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
  405: "Method Not Allowed", 406: "Not Acceptable", 409: "Conflict", 415: "Unsupported Media Type",
  422: "Unprocessable Content", 429: "Too Many Requests", 500: "Internal Server Error",
  501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
};

export class Asking {
  #who; // "WHIP", for messages
  #token;

  constructor(who, token) {
    this.#who = who;
    this.#token = token;
  }

  // The answer, of any status. Throws where there is none: a page is not told why.
  async send(method, url, { type, body, headers = {}, keepalive = false } = {}) {
    try {
      return await fetch(url, {
        method,
        body,
        keepalive,
        headers: {
          ...(type && { "Content-Type": type }),
          ...(this.#token && { Authorization: `Bearer ${this.#token}` }),
          ...headers,
        },
      });
    } catch (error) {
      throw new Error(
        `${this.#who} ${method} ${url}: no answer that a page may read (${error.message}): ` +
        "nothing answers there, its certificate is refused, or it does not allow pages of other " +
        "origins (CORS)",
      );
    }
  }

  // POST an offer, again while the answer says to come later: 503, and to a player that nobody
  // publishes yet: 409 (draft, section 4.2) or 404. The waits double, from Retry-After on.
  async post(url, type, body, { isOver, waiting }) {
    const startedMs = performance.now();
    for (let turn = 0; ; turn++) {
      const answer = await this.send("POST", url, { type, body });
      const later = this.#who === "WHEP" ? [404, 409, 429, 503] : [429, 503];
      if (!later.includes(answer.status) || isOver()) return answer;
      const leastMs = retryAfterMs(answer) ?? AGAIN_MS;
      const waitMs = Math.min(leastMs * 2 ** turn, Math.max(leastMs, LONGEST_MS));
      if (performance.now() - startedMs + waitMs > PATIENCE_MS) return answer;
      waiting(await this.refusal(answer));
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      if (isOver()) return answer;
    }
  }

  // What an answer other than 2xx says, in one sentence.
  async refusal(answer) {
    const { status, url } = answer;
    const reason = answer.statusText || REASONS[status] || "";
    const said = `${this.#who} end point ${url} answered ${status} ${reason}`;
    const parts = [said.trim(), await detail(answer)];
    if (status === 401 || status === 403) {
      const lost = answer.redirected ? ", which browsers do not pass on to another origin" : "";
      parts.push(this.#token ? `app.token was sent${lost}` : "no app.token was sent");
    }
    return parts.filter(Boolean).join(": ");
  }
}

// Seconds or a date (RFC 9110, 10.2.3).
function retryAfterMs(answer) {
  const value = answer.headers.get("Retry-After");
  if (value === null) return null;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(ms, 0) || AGAIN_MS : null;
}

// The detail of a problem (RFC 9457), an `error` or `message` of other JSON, or a short text.
async function detail(answer) {
  const text = (await answer.text().catch(() => "")).trim();
  try {
    const problem = JSON.parse(text);
    return String(problem.detail ?? problem.error ?? problem.message ?? problem.title ?? "");
  } catch {
    return /^\s*</.test(text) ? "" : text.slice(0, 120);
  }
}
