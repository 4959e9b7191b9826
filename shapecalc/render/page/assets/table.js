// The table of modules and ops: a tree that folds, a filter, and one row that is selected.

const MOST_AT_FIRST = 40; // rows that are unfolded when the page opens

const folding = { open: new Set(), filter: "", all: false };
let drawn = []; // the rows on the page, in order: { number, element, parts }

// Return the number of the row around a row, or null.
function parentOf(number) {
  const rows = rowsShown();
  for (let n = number - 1; n >= 0; n--) if (rows[n].depth < rows[number].depth) return n;
  return null;
}

const isModule = (number) => rowsShown()[number + 1]?.depth > rowsShown()[number].depth;

function insideOf(number) {
  const rows = rowsShown();
  const found = [];
  for (let n = number + 1; n < rows.length && rows[n].depth > rows[number].depth; n++) found.push(n);
  return found;
}

// Unfold level by level, as long as the table stays short.
function unfoldAtFirst() {
  const rows = rowsShown();
  folding.open = new Set();
  const deepest = Math.max(...rows.map((row) => row.depth));
  for (let depth = 1; depth < deepest; depth++) {
    if (rows.filter((row) => row.depth <= depth + 1).length > MOST_AT_FIRST) break;
    rows.forEach((row, n) => row.depth <= depth && isModule(n) && folding.open.add(n));
  }
}

function visibleRows() {
  const rows = rowsShown();
  if (folding.all) return [...rows.keys()];
  if (folding.filter) {
    const wanted = new Set();
    rows.forEach((row, n) => {
      if (!`${row.path} ${row.op}`.toLowerCase().includes(folding.filter)) return;
      for (let around = n; around !== null; around = parentOf(around)) wanted.add(around);
    });
    return [...wanted].sort((a, b) => a - b);
  }
  const found = [];
  for (let n = 0; n < rows.length; n++) {
    found.push(n);
    if (isModule(n) && !folding.open.has(n)) n += insideOf(n).length;
  }
  return found;
}

function drawTable() {
  const numbers = visibleRows();
  drawn = numbers.map(drawRow);
  byId("rows").replaceChildren(...drawn.map(({ element: row }) => row));
  byId("found").textContent = folding.filter ? `${numbers.length} rows` : "";
  fillValues();
  markSelected();
}

function drawRow(number) {
  const row = rowsShown()[number];
  const unfolded = folding.all || folding.filter || folding.open.has(number);
  const sign = isModule(number) ? (unfolded ? "▾" : "▸") : "";
  const toggle = (event) => {
    event.stopPropagation();
    fold(number, folding.open.has(number));
  };
  const values = element("td", { class: "values" });
  const parameters = element("td", { class: "number" });
  const field = element("td", { class: "number field" });
  const made = element(
    "tr",
    {
      role: "row",
      tabindex: "-1",
      "aria-level": String(row.depth),
      "aria-expanded": isModule(number) ? String(Boolean(unfolded)) : null,
      class: row.role,
      on: { click: () => row.role === "call" && select(number), keydown: (event) => onRowKey(event, number) },
    },
    element(
      "th",
      { scope: "row", class: `depth-${Math.min(row.depth, 8)}` },
      element("span", { class: "fold", "aria-hidden": "true", on: sign ? { click: toggle } : {} }, sign),
      element("span", { class: "name" }, row.name || "model"),
      row.doubt ? element("span", { class: `label ${row.label}` }, `${row.label === "probed" ? "≈" : "?"} ${row.label}`) : null,
      row.finished ? null : element("span", { class: "label failed" }, "✕ fails here"),
    ),
    element("td", { class: "op" }, ...breakable(row.op)),
    element("td", { class: "formula" }, ...outputsMath(row)),
    values,
    field,
    parameters,
  );
  return { number, element: made, parts: { values, parameters, field } };
}

// Where a line of parameters may end: before each of them.
const breakable = (text) => text.split(/(?<=[(,])/).flatMap((part, n) => (n ? [element("wbr"), part] : [part]));

const outputsMath = (row) =>
  row.outputs.map(({ shape, key, times }) =>
    element("div", { "aria-label": shapeWords(shape) }, key ? `${key}: ` : "", times > 1 ? `${times} × ` : "", math(shapeMath(shape))),
  );

// Write what hangs on the sizes into the rows that are on the page.
function fillValues() {
  for (const { number, parts } of drawn) {
    const row = rowsShown()[number];
    const texts = row.outputs.map(({ shape, times }) => (times > 1 ? `${times} × ` : "") + shapeText(shape));
    parts.values.replaceChildren(...(hasValues() ? texts.map((text) => element("div", {}, text)) : [row.outputs.length ? "—" : ""]));
    parts.field.replaceChildren(...fieldCell(row));
    parts.parameters.replaceChildren(parameterCell(number));
  }
  byId("table").classList.toggle("stale", !hasValues());
}

function fieldCell({ field }) {
  if (field?.text === undefined) return [];
  const numbers = hasValues() ? field.sizes.map((size) => (size === null ? null : valueOf(size, state.sizes))) : [];
  const known = numbers.length && numbers.every((value) => value !== null);
  const here = known ? [...new Set(numbers.map(String))].join(" × ") : "";
  const written = field.formula === null ? field.text : math(mathTree(field.formula));
  return [written, here && here !== field.text ? element("span", { class: "here" }, here) : null].filter(Boolean);
}

// A folded row counts what is inside of it; one that is unfolded its own parameters alone.
function parameterCell(number) {
  const rows = rowsShown();
  const folded = isModule(number) && !folding.all && !folding.filter && !folding.open.has(number);
  const counted = [number, ...(folded ? insideOf(number) : [])].map((n) => rows[n]);
  const formulas = counted.filter((row) => row.counted !== null);
  let total = BigInt(counted.reduce((sum, row) => sum + row.parameters, 0));
  for (const row of formulas) {
    const value = hasValues() ? valueOf(row.counted, state.sizes) : null;
    if (value === null) return formulas.length === 1 && total === 0n ? math(formulaMath(row.counted)) : "symbolic";
    total += value;
  }
  if (total === 0n) return counted.some((row) => row.reused) ? "shared" : "";
  return withCommas(total);
}

// ------------------------------------------------------------------ folding, filter, selection

function fold(number, away) {
  if (away) folding.open.delete(number);
  else folding.open.add(number);
  drawTable();
}

function reveal(number) {
  if (drawn.some((row) => row.number === number)) return;
  setFilter("");
  for (let around = parentOf(number); around !== null; around = parentOf(around)) folding.open.add(around);
  drawTable();
}

function setFilter(text) {
  folding.filter = text.trim().toLowerCase();
  if (byId("search").value.trim().toLowerCase() !== folding.filter) byId("search").value = text;
  drawTable();
}

function markSelected() {
  const shown = drawn.find(({ number }) => number === state.selected) ?? drawn[0];
  for (const row of drawn) {
    row.element.setAttribute("aria-selected", String(row.number === state.selected));
    row.element.tabIndex = row === shown ? 0 : -1;
  }
}

function onRowKey(event, number) {
  const place = drawn.findIndex((row) => row.number === number);
  const go = (to) => drawn[to]?.element.focus();
  const module = isModule(number);
  const actions = {
    ArrowDown: () => go(place + 1),
    ArrowUp: () => go(place - 1),
    Home: () => go(0),
    End: () => go(drawn.length - 1),
    Enter: () => rowsShown()[number].role === "call" && select(number),
    " ": () => (module ? fold(number, folding.open.has(number)) : select(number)),
    ArrowRight: () => (module && !folding.open.has(number) ? fold(number, false) : go(place + 1)),
    ArrowLeft: () => (module && folding.open.has(number) ? fold(number, true) : go(drawn.findIndex((row) => row.number === parentOf(number)))),
  };
  if (!actions[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  actions[event.key]();
  if (document.activeElement === document.body) drawn.find((row) => row.number === number)?.element.focus();
}

function buildTable() {
  let path = state.path;
  const seen = rowsShown().find(({ field }) => field)?.field.input;
  if (seen !== undefined) byId("fields-note").textContent = `field: the size of the receptive field on ${seen}, in elements, far from the borders`;
  unfoldAtFirst();
  drawTable();
  byId("search").addEventListener("input", (event) => setFilter(event.target.value));
  byId("unfold").addEventListener("click", () => {
    rowsShown().forEach((_, n) => isModule(n) && folding.open.add(n));
    drawTable();
  });
  byId("fold").addEventListener("click", () => {
    folding.open.clear();
    drawTable();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || /^(input|textarea|select)$/i.test(event.target.tagName)) return;
    event.preventDefault();
    byId("search").focus();
  });
  document.addEventListener("shapecalc:sizes", () => {
    if (path !== state.path) unfoldAtFirst();
    if (path !== state.path) drawTable();
    else fillValues();
    path = state.path;
  });
  document.addEventListener("shapecalc:select", () => {
    if (state.selected === null) return;
    reveal(state.selected);
    markSelected();
  });
  addEventListener("beforeprint", () => printed(true));
  addEventListener("afterprint", () => printed(false));
}

// On paper everything is unfolded.
function printed(all) {
  folding.all = all;
  drawTable();
  for (const finding of document.querySelectorAll("details")) {
    if (all && !finding.open) finding.dataset.shut = "";
    if (all) finding.open = true;
    else if ("shut" in finding.dataset) finding.open = delete finding.dataset.shut && false;
  }
}
