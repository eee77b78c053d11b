// Puts a proxy in the place of a function that the browser gives to pages: its name, length, source,
// and what `instanceof` says of what it makes stay as they are. `part` is "value", or "set" of an
// accessor. Returns the proxy, or null where the browser has no such function.
(owner, name, handler, part = "value") => {
  const descriptor = owner && Object.getOwnPropertyDescriptor(owner, name);
  if (!descriptor?.[part]) return null;
  const wrapped = new Proxy(descriptor[part], handler);
  Object.defineProperty(owner, name, { ...descriptor, [part]: wrapped });
  return wrapped;
}
