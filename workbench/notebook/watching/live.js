// The page's side of live.py, after plotly_library.js: keeps every point, draws at most 5 times a second, and of a long line
// only the lowest and highest point of each bucket.

const PACE = 200; // Milliseconds between the starts of two drawings of a panel.
const REST = 50; // Milliseconds between the end of one and the start of the next.
const PATIENCE = 5000; // Milliseconds until a question that nobody answered is asked again.
const MOST_POINTS = 12000; // Drawn in one panel, over all its lines.
const FEWEST_BUCKETS = 50;
const MOST_SINGLE_TICKS = 8;
const RESULT = "result"; // Among the numbers of the panels that are to be drawn.

/** One line's points: arrays that double when they are full. */
export class Line {
  constructor(panel, trace) {
    Object.assign(this, { panel, trace, length: 0 });
    this.x = new Float32Array(256);
    this.y = new Float32Array(256);
  }

  /** Drop what lies at `first` or behind it (null: everything), and append. */
  replace(first, x, y) {
    this.length = first === null ? 0 : lowerBound(this.x, this.length, first);
    const needed = this.length + x.length;
    if (needed > this.x.length) {
      this.x = grown(this.x, this.length, needed);
      this.y = grown(this.y, this.length, needed);
    }
    this.x.set(x, this.length);
    this.y.set(y, this.length);
    this.length = needed;
  }

  /** Return at most about 2 points a bucket of what lies between two places. */
  thinned(low, high, buckets) {
    const begin = Math.max(0, lowerBound(this.x, this.length, low) - 1);
    const end = Math.min(this.length, lowerBound(this.x, this.length, high) + 1);
    if (end - begin <= 2 * buckets) {
      return { x: this.x.slice(begin, end), y: this.y.slice(begin, end) };
    }
    const kept = extremes(this.y, begin, end, buckets);
    return {
      x: Float32Array.from(kept, (i) => this.x[i]),
      y: Float32Array.from(kept, (i) => this.y[i]),
    };
  }
}

function lowerBound(values, length, wanted) {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function grown(values, length, needed) {
  const larger = new Float32Array(Math.max(needed, 2 * values.length));
  larger.set(values.subarray(0, length));
  return larger;
}

/** Return the indices of each bucket's lowest and highest value, and of the last point, in order. */
export function extremes(y, begin, end, buckets) {
  const kept = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = begin + Math.floor(((end - begin) * bucket) / buckets);
    const to = begin + Math.floor(((end - begin) * (bucket + 1)) / buckets);
    let [lowest, highest] = [from, from];
    for (let i = from + 1; i < to; i++) {
      // A value that is not a number gives way to any other.
      if (y[i] < y[lowest] || Number.isNaN(y[lowest])) lowest = i;
      if (y[i] > y[highest] || Number.isNaN(y[highest])) highest = i;
    }
    kept.push(Math.min(lowest, highest));
    if (lowest !== highest) kept.push(Math.max(lowest, highest));
  }
  if (kept[kept.length - 1] !== end - 1) kept.push(end - 1);
  return kept;
}

/** Return the floats of a message's buffer, copied so that they are aligned. */
function floats(buffer) {
  const bytes = ArrayBuffer.isView(buffer) ? buffer : new DataView(buffer);
  const begin = bytes.byteOffset;
  return new Float32Array(bytes.buffer.slice(begin, begin + bytes.byteLength));
}

class View {
  constructor(model, element) {
    Object.assign(this, { model, element, panels: [], lines: [], number: null });
    this.next = 0; // When it may be drawn again.
    this.dirty = new Set();
    element.classList.add("workbench-live");
    this.alarm = element.appendChild(document.createElement("p"));
    this.alarm.className = "workbench-live-alarm";
    this.alarm.setAttribute("role", "alert");
    this.note = element.appendChild(document.createElement("p"));
    this.note.textContent = "The live figure waits for a study.";
    this.legend = element.appendChild(document.createElement("p"));
    this.legend.className = "workbench-live-legend";
    this.listen = (message, buffers) => this.receive(message, buffers);
    model.on("msg:custom", this.listen);
    this.resized = new ResizeObserver(() => this.markAll());
    this.resized.observe(element);
    this.ask();
  }

  /** Ask for what is missing, again and again: a message may be lost while a page is loaded anew. */
  ask() {
    clearTimeout(this.asking);
    if (this.closed) return;
    this.model.send({ kind: window[LIBRARY] ? "everything" : "library" });
    this.asking = setTimeout(() => this.ask(), PATIENCE);
  }

  async receive(message, buffers) {
    // Points that merely go on are no answer.
    if (message.figure || !["points", "result"].includes(message.kind)) clearTimeout(this.asking);
    if (message.kind === "library" && !window[LIBRARY]) {
      try {
        await loadLibrary(buffers[0]);
      } catch (problem) {
        this.note.textContent = `The live figure cannot be drawn in this browser: ${problem}`;
        return;
      }
      this.ask();
    }
    if (!window[LIBRARY]) return;
    if (message.kind === "points") this.take(message, buffers[0]);
    if (message.kind === "result" && this.panels.length) this.conclude(message.result);
  }

  take(message, buffer) {
    if (message.figure) this.begin(message.figure);
    else if (this.number === null || message.number !== this.number + 1) {
      // Something was missed, as when a laptop was closed. Asked once: the answer sets the number.
      if (this.number !== null) this.ask();
      this.number = null;
      return;
    }
    this.number = message.number;
    if (this.alarm.textContent !== message.alarm) this.alarm.textContent = message.alarm;
    this.append(message.points, floats(buffer));
    this.schedule();
  }

  append(heads, values) {
    let at = 0;
    for (const [number, first, count] of heads) {
      const line = this.lines[number];
      const [x, y] = [values.subarray(at, at + count), values.subarray(at + count, at + 2 * count)];
      line.replace(first, x, y);
      this.dirty.add(line.panel);
      at += 2 * count;
    }
  }

  /** Make the panels, or use those that are there for another study. */
  begin(figure) {
    this.note.textContent = "";
    this.template = figure.template;
    this.legend.replaceChildren(...figure.legend.map(([name, colour]) => entry(name, colour)));
    this.lines = figure.lines.map(({ panel, trace }) => new Line(panel, trace));
    this.revision = (this.revision || 0) + (this.title === figure.study ? 0 : 1);
    this.title = figure.study;
    this.panels = figure.panels.map((panel, i) => ({
      ...panel,
      box: this.panels[i]?.box ?? this.box(i),
    }));
    for (const { box, words } of this.panels) box.setAttribute("aria-label", words);
    this.forget();
    this.markAll();
  }

  box() {
    const box = this.element.appendChild(document.createElement("div"));
    box.className = "workbench-live-panel";
    box.setAttribute("role", "img");
    return box;
  }

  /** Show the scores of a complete study, over the whole width. */
  conclude(result) {
    const box = this.result?.box ?? this.box();
    box.classList.add("workbench-live-result");
    box.setAttribute("aria-label", result.words);
    this.result = { ...result, box };
    this.markAll();
  }

  /** Take the scores of another study away. */
  forget() {
    if (!this.result) return;
    window[LIBRARY].purge(this.result.box);
    this.result.box.remove();
    this.result = null;
  }

  markAll() {
    this.panels.forEach((_, number) => this.dirty.add(number));
    if (this.result) this.dirty.add(RESULT);
    this.schedule();
  }

  schedule() {
    if (this.timer || !this.panels.length || !window[LIBRARY]) return;
    const wait = Math.max(0, this.next - performance.now());
    this.timer = setTimeout(() => requestAnimationFrame(() => this.draw()), wait);
  }

  /** Draw the panels that changed, with a pause after each in which the page answers a click. */
  async draw() {
    const started = performance.now();
    const dirty = [...this.dirty];
    this.dirty.clear();
    for (const number of dirty) {
      if (this.closed) return;
      if (number === RESULT) await this.drawResult();
      else await this.drawPanel(this.panels[number], number);
      await new Promise((resolve) => setTimeout(resolve));
    }
    this.next = Math.max(started + PACE, performance.now() + REST);
    this.timer = null;
    if (this.dirty.size) this.schedule();
  }

  async drawPanel(panel, number) {
    const width = panel.box.clientWidth;
    if (!width) return; // Out of sight: drawn when it comes back, as its size then changes.
    const lines = this.lines.filter((line) => line.panel === number);
    const most = Math.floor(MOST_POINTS / (2 * lines.length));
    const buckets = Math.max(FEWEST_BUCKETS, Math.min(width, most));
    const [low, high] = visible(panel.box);
    const traces = lines.map((line) => ({ ...line.trace, ...line.thinned(low, high, buckets) }));
    const xaxis = { ...panel.layout.xaxis, dtick: singly(lines) };
    const layout = { ...panel.layout, xaxis, width, template: this.template, uirevision: this.revision };
    await window[LIBRARY].react(panel.box, traces, layout, CONFIG);
    if (panel.box.dataset.watched) return;
    panel.box.dataset.watched = "yes";
    panel.box.on("plotly_relayout", (change) => {
      if (!Object.keys(change).some((key) => key.startsWith("xaxis."))) return;
      this.dirty.add(number);
      this.schedule();
    });
  }

  async drawResult() {
    if (!this.result?.box.clientWidth) return;
    const { box, data, layout } = this.result;
    await window[LIBRARY].react(box, data, { ...layout, width: box.clientWidth }, CONFIG);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    clearTimeout(this.asking);
    this.model.off("msg:custom", this.listen);
    this.resized.disconnect();
    for (const { box } of this.panels) window[LIBRARY]?.purge(box);
    this.forget();
  }
}

/** Return one technique's entry in the legend. */
function entry(name, colour) {
  const item = document.createElement("span");
  item.style.setProperty("--colour", colour);
  item.textContent = name;
  return item;
}

/** Return the distance between ticks of an axis that is short: steps and epochs have no halves. */
function singly(lines) {
  return lines.every(({ x, length }) => !length || x[length - 1] <= MOST_SINGLE_TICKS) ? 1 : null;
}

/** Return the places between which a panel is drawn: all, or those zoomed in on and as many beside. */
function visible(box) {
  const axis = box.layout?.xaxis;
  if (!axis?.range || axis.autorange !== false) return [-Infinity, Infinity];
  const [low, high] = axis.range.map(Number);
  return [2 * low - high, 2 * high - low];
}

function render({ model, el }) {
  const view = new View(model, el);
  return () => view.close();
}

export default { render };
