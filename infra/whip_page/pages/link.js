// The ICE servers in a Link header (RFC 8288; rel="ice-server": RFC 9725, section 4.6).

const PARAMETER = /;\s*([\w!#$&+\-.^`|~*]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/y;
const TARGET = /[\s,]*<([^>]*)>/y;

export function iceServers(header) {
  const servers = [];
  let at = 0;
  const next = (pattern) => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match) at = pattern.lastIndex;
    return match;
  };
  for (let link; header && (link = next(TARGET)); ) {
    const parameters = {};
    for (let each; (each = next(PARAMETER)); ) {
      const name = each[1].toLowerCase();
      parameters[name] ??= each[2]?.replace(/\\(.)/g, "$1") ?? each[3] ?? "";
    }
    const [urls, relations] = [link[1].trim(), (parameters.rel ?? "").toLowerCase().split(/\s+/)];
    if (relations.includes("ice-server") && /^(stuns?|turns?):/.test(urls)) {
      const { username, credential } = parameters;
      servers.push({ urls, ...(username !== undefined && { username, credential }) });
    }
  }
  return servers;
}
