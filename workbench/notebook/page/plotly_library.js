// plotly.js in a page: loaded once for all widgets, from the message that carries it.

const LIBRARY = Symbol.for("biomedical-finetuning-workbench.plotly");
const CONFIG = { displaylogo: false, displayModeBar: "hover" };

/** Run plotly.js, leaving alone what other extensions keep under its global name. */
async function loadLibrary(compressed) {
  const unpacked = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const code = new Blob([await new Response(unpacked).arrayBuffer()], { type: "text/javascript" });
  const address = URL.createObjectURL(code);
  const before = Object.getOwnPropertyDescriptor(window, "Plotly");
  try {
    await import(/* @vite-ignore */ address);
    window[LIBRARY] = window.Plotly;
  } finally {
    URL.revokeObjectURL(address);
    delete window.Plotly;
    if (before) Object.defineProperty(window, "Plotly", before);
  }
}
