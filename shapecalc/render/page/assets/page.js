// The page is put together.

const THEMES = { light: "dark", dark: "light" };

function buildTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const shown = () => root.dataset.theme ?? (system.matches ? "dark" : "light");
  const tell = () => {
    byId("theme").textContent = THEMES[shown()] === "dark" ? "Dark" : "Light";
    byId("theme").setAttribute("aria-label", `change to the ${THEMES[shown()]} theme`);
    showViewer();
  };
  byId("theme").addEventListener("click", () => {
    root.dataset.theme = THEMES[shown()];
    tell();
  });
  system.addEventListener("change", tell);
  tell();
}

function buildTotals() {
  const counted = data.paths[0].rows.some((row) => row.counted !== null);
  const sums = counted ? data.sums.slice(0, 1) : data.sums;
  byId("sums").replaceChildren(...sums.map((text) => element("span", {}, text)));
  if (!counted) return;
  const total = element("span");
  byId("sums").append(total);
  document.addEventListener("shapecalc:sizes", () => {
    const counts = rowsShown().filter((row) => row.counted !== null).map((row) => (hasValues() ? valueOf(row.counted, state.sizes) : null));
    const known = counts.every((count) => count !== null);
    total.textContent = known ? `${withCommas(counts.reduce((a, b) => a + b, BigInt(data.parameters)))} parameters at these sizes` : "as many parameters as the sizes say";
  });
}

document.title = data.title;
byId("name").textContent = data.title;
buildTotals();
buildBoxes();
buildTable();
buildDetail();
buildViewer();
buildFindings();
buildAccepted();
setSizes({ ...state.sizes });
const first = atFirst();
if (first !== undefined) select(first);
buildTheme();

// The layer that is shown at first: in the middle of those in the table whose field moves.
function atFirst() {
  const moves = ({ tensor }) => tensor !== null && movingAxes(data.paths[state.path].tensors, tensor, state.sizes).length;
  const moving = drawn.map(({ number }) => number).filter((n) => rowsShown()[n].role === "call" && moves(rowsShown()[n]));
  return moving[Math.floor(moving.length / 2)] ?? seeing()[0];
}
