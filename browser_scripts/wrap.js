// Replaces a function that the browser gives to pages by a proxy: its name, length and source, and
// `instanceof` of the objects that it makes, stay as they are. `part` is "value", or "set" of an
// accessor. Returns the proxy, or null where the browser has no such function.
(owner, name, handler, part = "value") => {
  const descriptor = owner && Object.getOwnPropertyDescriptor(owner, name);
  if (!descriptor?.[part]) return null;
  const wrapped = new Proxy(descriptor[part], handler);
  Object.defineProperty(owner, name, { ...descriptor, [part]: wrapped });
  return wrapped;
}
