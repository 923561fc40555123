// The page's side of figure_view.py: one figure, drawn anew when another is chosen.

const PATIENCE = 5000; // Milliseconds until a question that nobody answered is asked again.

class View {
  constructor(model, element) {
    Object.assign(this, { model });
    this.note = element.appendChild(document.createElement("p"));
    this.note.textContent = "The figure is on its way.";
    this.box = element.appendChild(document.createElement("div"));
    this.box.className = "workbench-figure";
    this.box.setAttribute("role", "img");
    this.listen = (message, buffers) => this.receive(message, buffers);
    model.on("msg:custom", this.listen);
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(element);
    this.ask();
  }

  /** Ask for what is missing, again and again: a message may be lost while a page is loaded. */
  ask() {
    clearTimeout(this.asking);
    if (this.closed || (this.figure && window[LIBRARY])) return;
    this.model.send({ kind: window[LIBRARY] ? "figure" : "library" });
    this.asking = setTimeout(() => this.ask(), PATIENCE);
  }

  async receive(message, buffers) {
    if (message.kind === "library" && !window[LIBRARY]) {
      try {
        await loadLibrary(buffers[0]);
      } catch (problem) {
        this.note.textContent = `The figure cannot be drawn in this browser: ${problem}`;
        return;
      }
      this.draw(); // The figure may have come first.
      this.ask();
    }
    if (message.kind !== "figure") return;
    this.figure = message.figure;
    this.note.textContent = "";
    this.box.setAttribute("aria-label", message.words);
    if (window[LIBRARY]) window[LIBRARY].purge(this.box);
    this.draw();
  }

  draw() {
    const width = this.box.clientWidth;
    if (!this.figure || !width || !window[LIBRARY]) return;
    const { data, layout } = this.figure;
    window[LIBRARY].react(this.box, data, { ...layout, width }, CONFIG);
  }

  close() {
    this.closed = true;
    clearTimeout(this.asking);
    this.model.off("msg:custom", this.listen);
    this.resized.disconnect();
    window[LIBRARY]?.purge(this.box);
  }
}

function render({ model, el }) {
  const view = new View(model, el);
  return () => view.close();
}

export default { render };
