// Brings prepared frames into the worker of a light probe. `askBank(name, bank)` has the farm put the
// file of a bank into the file input that a global of this name holds: "vp8", or "vp8/2" for layers of
// half the camera's width. Returns {delivered(bank, worker)}, a promise that is rejected without such.
(askBank) => {
  const deliveries = new Map(); // bank -> its way into the worker
  const delivered = (bank, worker) => {
    if (!deliveries.has(bank)) deliveries.set(bank, deliver(bank, worker));
    return deliveries.get(bank);
  };
  const deliver = async (bank, worker) => {
    try {
      worker.postMessage({ codec: bank, bank: await bankFile(bank) });
    } catch (error) {
      worker.postMessage({ codec: bank, bank: null });
      throw error;
    }
  };

  // In no document, so that the page's own scripts and policy do not affect it.
  const bankFile = async (bank) => {
    const input = document.createElement("input");
    input.type = "file";
    const chosen = new Promise((resolve) => input.addEventListener("change", resolve));
    const name = `probe_farm_${Math.random().toString(36).slice(2)}`;
    Object.defineProperty(window, name, { value: input, configurable: true });
    await askBank(name, bank);
    await chosen;
    return input.files[0];
  };

  return { delivered };
}
