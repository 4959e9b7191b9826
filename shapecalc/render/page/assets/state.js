// What the reader has chosen. Everyone who shows it listens to two events of the document:
// `shapecalc:sizes` with the sizes by symbol, and `shapecalc:select` with the name of a layer.

const state = {
  sizes: Object.fromEntries(Object.entries(data.sizes).map(([name, size]) => [name, BigInt(size)])),
  verdict: null, // null while a box holds no size
  path: 0, // whose formulas are shown
  selected: null, // the number of a row
};

const rowsShown = () => data.paths[state.path].rows;

const selectedRow = () => (state.selected === null ? null : (rowsShown()[state.selected] ?? null));

// Whether the formulas that are shown hold at the sizes that are typed.
const hasValues = () => state.verdict?.path !== undefined;

function setSizes(sizes) {
  state.sizes = sizes ?? state.sizes;
  state.verdict = sizes === null ? null : verdictAt(state.sizes);
  const path = hasValues() ? state.verdict.path : state.path;
  if (path !== state.path) {
    const name = selectedRow()?.path;
    state.path = path;
    state.selected = name === undefined ? null : rowOf(name);
  }
  // while a box holds no size there are none
  const detail = Object.fromEntries(Object.entries(sizes === null ? {} : state.sizes).map(([name, size]) => [name, Number(size)]));
  document.dispatchEvent(new CustomEvent("shapecalc:sizes", { detail }));
}

function select(number) {
  state.selected = number;
  const name = rowsShown()[number].path;
  document.dispatchEvent(new CustomEvent("shapecalc:select", { detail: { name } }));
}

// Return the last row of a name that was called, as `a[name]` does, or null.
function rowOf(name) {
  const found = rowsShown().findLastIndex((row) => row.path === name && row.role === "call");
  return found < 0 ? null : found;
}

// Return the row of a name, or that of the module around it: a layer of torch is one row.
function rowAround(name) {
  for (let path = name; path; path = path.slice(0, Math.max(path.lastIndexOf("."), 0))) {
    const found = rowOf(path);
    if (found !== null) return found;
  }
  return null;
}

// The row that is selected stays, if it has the name: a layer may be called several times.
document.addEventListener("shapecalc:select", (event) => {
  const name = String(event.detail?.name ?? "");
  if (selectedRow()?.path !== name) state.selected = rowAround(name) ?? state.selected;
});
