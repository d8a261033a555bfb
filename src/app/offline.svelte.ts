/** @file Has the service worker keep everything that a segmentation needs, so that the page works without a network. */

export const offline = $state({ ready: false });

/** Does nothing where the browser has no service workers, as on a page without https. */
export async function keepOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data === "kept") offline.ready = true;
  });
  await navigator.serviceWorker.register("./service-worker.js");
  const { active } = await navigator.serviceWorker.ready;
  const sample = __SAMPLE__.files.filter((file) => file.endsWith(".gz")).map((file) => `sample/${file}`);
  const keep = ["ort/ort-wasm-simd-threaded.mjs", "ort/ort-wasm-simd-threaded.wasm", ...sample];
  const ask = () => active?.postMessage({ keep });
  ask();
  // A browser may end a service worker at any time; what it has kept by then stays.
  const timer = setInterval(() => (offline.ready ? clearInterval(timer) : ask()), 20_000);
}
