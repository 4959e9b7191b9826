// The field viewer: an output grid and an input grid at the typed sizes, and one element.

const viewer = { place: null, fraction: [0.5, 0.5, 0.5] };

function buildViewer() {
  const slider = byId("slider");
  slider.addEventListener("input", () => select(seeing()[Number(slider.value)]));
  byId("output-grid").addEventListener("click", onGridClick);
  byId("output-grid").addEventListener("keydown", onGridKey);
  document.addEventListener("shapecalc:select", showViewer);
  document.addEventListener("shapecalc:sizes", showViewer);
  addEventListener("resize", showViewer);
}

// The rows that the slider goes through: those that are one op, or hold nothing to unfold.
function seeing() {
  return [...rowsShown().keys()].filter((n) => rowsShown()[n].tensor !== null && !isModule(n));
}

function showViewer() {
  const rows = seeing();
  const row = selectedRow();
  const slider = byId("slider");
  slider.max = String(Math.max(rows.length - 1, 0));
  // a module stands where the last op in it is
  if (row !== null) slider.value = String(rows.findLastIndex((n) => n <= Math.max(state.selected, ...insideOf(state.selected))));
  slider.setAttribute("aria-valuetext", row === null ? "no layer" : row.path);
  byId("slider-name").textContent = row === null ? "" : row.path;
  const found = row === null ? null : lookedAt(row);
  byId("viewer-grids").hidden = found === null;
  if (found === null) {
    byId("seen").textContent = row === null ? "Choose a layer." : whyNothing(row);
    delete byId("seen").dataset.field;
    return;
  }
  drawIndices(found);
  showField(found);
}

function whyNothing(row) {
  if (!hasValues()) return "There is nothing to show at these sizes.";
  return row.tensor === null ? "No input reaches this layer." : "The output of this layer cannot be drawn at these sizes.";
}

// Return the output's axes along which the field moves, their sizes, and the element's place.
function lookedAt(row) {
  if (row.tensor === null || !hasValues()) return null;
  const { tensors } = data.paths[state.path];
  const shape = plainShape(tensors[row.tensor].shape.map((size) => valueOf(size, state.sizes)));
  if (shape === null || shape.includes(0)) return null;
  const axes = movingAxes(tensors, row.tensor, state.sizes);
  const counts = axes.map((axis) => shape[axis]);
  const indices = counts.map((count, n) => Math.min(count - 1, Math.floor(viewer.fraction[n] * count)));
  return { row, tensors, shape, axes, counts, indices };
}

function moveTo(found, indices) {
  found.counts.forEach((count, n) => (viewer.fraction[n] = (Math.min(Math.max(indices[n], 0), count - 1) + 0.5) / count));
  showViewer();
}

function drawIndices(found) {
  const boxes = found.counts.map((count, n) =>
    element(
      "label",
      { class: "box" },
      `output ${found.counts.length === 2 ? ["row", "column"][n] : `index ${n}`}`,
      element("input", {
        type: "number",
        min: "0",
        max: String(count - 1),
        value: String(found.indices[n]),
        "data-axis": String(n),
        "data-of": String(found.axes[n]), // the axis of the output
        on: { change: (event) => moveTo(found, found.indices.map((index, m) => (m === n ? Math.trunc(Number(event.target.value)) || 0 : index))) },
      }),
    ),
  );
  if (byId("element").contains(document.activeElement)) {
    const inputs = [...byId("element").querySelectorAll("input")];
    if (inputs.length === boxes.length) {
      inputs.forEach((input, n) => (input.value = String(found.indices[n])));
      inputs.forEach((input, n) => (input.max = String(found.counts[n] - 1)));
      return;
    }
  }
  byId("element").replaceChildren(...boxes);
}

// ------------------------------------------------------------------ the field

function showField(found) {
  const box = found.shape.map(whole);
  found.axes.forEach((axis, n) => (box[axis] = [found.indices[n]]));
  const seen = fieldOf(found.tensors, found.row.tensor, box, state.sizes);
  const reached = [...seen.inputs].find(([number]) => found.tensors[number].axes.length);
  drawGrid(byId("output-grid"), lastTwo(found.counts), [lastTwo(found.indices, 0).map((index) => [index])], "output");
  const say = byId("seen");
  delete say.dataset.field;
  if (seen.unknown !== null) {
    byId("input-side").hidden = true;
    say.replaceChildren(element("p", {}, `Not known here: how ${seen.unknown} reads its input cannot be followed at these sizes.`));
    return;
  }
  byId("input-side").hidden = reached === undefined;
  if (reached === undefined) {
    say.replaceChildren(element("p", {}, seen.inputs.size ? "This element sees inputs without positions." : "This element sees no input: padding alone."));
    say.dataset.field = "{}";
    return;
  }
  const [number, boxes] = reached;
  const input = found.tensors[number];
  const shape = plainShape(input.shape.map((size) => valueOf(size, state.sizes)));
  const axes = input.axes.map(([axis, name]) => ({ name, size: shape[axis], seen: boxes.map((each) => each[axis]).reduce(unionOf) }));
  drawGrid(byId("input-grid"), lastTwo(axes.map(({ size }) => size)), boxes.map((each) => lastTwo(input.axes.map(([axis]) => each[axis]), [0])), "input");
  sayField(say, found, input, axes, seen.bounds);
}

function sayField(say, found, input, axes, bounds) {
  const bound = bounds.size ? "at most " : "";
  const names = axes.length === 2 ? ["rows", "columns"] : axes.map(({ name }) => name);
  const parts = axes.map(({ seen }, n) => `${names[n]} ${indicesText(seen)}`);
  const counts = axes.map(({ seen }) => withCommas(seen.length)).join(" × ");
  const where = found.indices.length ? `Output ${found.indices.join(", ")} of ${found.counts.join(" × ")}` : "Every element of the output";
  const lines = [element("p", {}, `${where} sees ${bound}${parts.join(", ")} of ${input.name}: ${counts} of ${axes.map(({ size }) => size).join(" × ")}.`)];
  lines.push(element("p", { class: "quiet" }, bounds.size ? `An upper bound: ${[...bounds].join("; ")}.` : "Exact, up to the borders. Indices count from 0; channels are taken together."));
  say.replaceChildren(...lines);
  say.dataset.field = JSON.stringify(Object.fromEntries(axes.map(({ name, seen }) => [name, seen])));
  say.dataset.bound = String(bounds.size > 0);
}

// Two axes to draw: the last two of several, a line for one, a single cell for none.
function lastTwo(entries, missing = 1) {
  return [missing, missing, ...entries].slice(-2);
}

const LARGEST = 360; // pixels of a grid's longer side

function drawGrid(canvas, [rows, columns], boxes, kind) {
  const room = Math.min(LARGEST, canvas.parentElement.clientWidth || LARGEST);
  const cell = Math.min(room / Math.max(rows, columns), 36);
  const [width, height] = [Math.max(cell * columns, 1), Math.max(cell * rows, 1)];
  const sharp = devicePixelRatio || 1;
  canvas.width = Math.ceil(width * sharp);
  canvas.height = Math.ceil(height * sharp);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  Object.assign(canvas.dataset, { rows, columns });
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
  const pen = canvas.getContext("2d");
  pen.scale(sharp, sharp);
  pen.fillStyle = colour("--grid");
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = colour(kind === "output" ? "--accent" : "--seen");
  for (const [down, across] of boxes) {
    for (const [top, bottom] of runsOf(down)) {
      for (const [left, right] of runsOf(across)) {
        const least = kind === "output" ? 4 : 1; // one element has to be found again
        pen.fillRect(left * cell, top * cell, Math.max((right - left + 1) * cell, least), Math.max((bottom - top + 1) * cell, least));
      }
    }
  }
  if (cell < 9) return;
  pen.strokeStyle = colour("--page");
  pen.lineWidth = 1;
  pen.beginPath();
  for (let n = 1; n < columns; n++) pen.rect(Math.round(n * cell), 0, 0, height);
  for (let n = 1; n < rows; n++) pen.rect(0, Math.round(n * cell), width, 0);
  pen.stroke();
}

// ------------------------------------------------------------------ choosing an element

function onGridClick(event) {
  const found = lookedAt(selectedRow());
  const canvas = event.currentTarget;
  const bounds = canvas.getBoundingClientRect();
  const at = (offset, length, count) => Math.floor((offset / length) * count);
  const row = at(event.clientY - bounds.top, bounds.height, Number(canvas.dataset.rows));
  const column = at(event.clientX - bounds.left, bounds.width, Number(canvas.dataset.columns));
  const place = found.counts.length === 1 ? [column] : [row, column];
  moveTo(found, [...found.indices.slice(0, Math.max(found.counts.length - 2, 0)), ...place]);
}

function onGridKey(event) {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const found = lookedAt(selectedRow());
  if (!step || found === null || !found.counts.length) return;
  event.preventDefault();
  const moved = [...found.indices];
  const last = moved.length - 1;
  if (last > 0) moved[last - 1] += step[0];
  moved[last] += last > 0 ? step[1] : step[0] + step[1];
  moveTo(found, moved);
}
