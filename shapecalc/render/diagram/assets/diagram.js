// The diagram is put together.

// Boxes for the sizes, where the diagram is a page of its own and has numbers.
function buildSizes() {
  const names = Object.keys(sheet.sizes);
  const room = part("sizes");
  if (!alone || !names.length) return; // the report has them
  const verdict = html("output", { "aria-live": "polite" });
  const boxes = names.map((name) => html("input", { type: "number", min: 1, step: 1, value: sheet.sizes[name], name, "aria-label": `size ${name}`, autocomplete: "off" }));
  const read = () => {
    const good = boxes.map((box) => /^[0-9]{1,9}$/.test(box.value.trim()) && Number(box.value) >= 1);
    boxes.forEach((box, n) => box.setAttribute("aria-invalid", String(!good[n])));
    const sizes = good.every(Boolean) ? Object.fromEntries(boxes.map((box) => [box.name, Number(box.value)])) : {};
    document.dispatchEvent(new CustomEvent("shapecalc:sizes", { detail: sizes }));
    verdict.textContent = !good.every(Boolean) ? "whole numbers, of at least 1" : formulasHold(known.sizes) ? "" : "the formulas do not hold at these sizes";
  };
  room.append(...boxes.map((box) => html("label", {}, box.name, box)), verdict);
  for (const box of boxes) box.addEventListener("input", read);
  read();
}

function buildTheme() {
  const { dataset } = document.documentElement;
  const button = part("theme");
  const other = () => (dataset.theme === "dark" ? "light" : "dark");
  const tell = () => {
    button.textContent = other() === "dark" ? "Dark" : "Light";
    button.setAttribute("aria-label", `change to the ${other()} theme`);
  };
  button.hidden = !alone; // the report has one
  button.addEventListener("click", () => {
    dataset.theme = other();
    tell();
  });
  tell();
}

function buildFacts() {
  const [first, ...others] = sheet.facts;
  part("facts").append(html("summary", {}, first), html("ul", {}, ...others.map((fact) => html("li", {}, fact))));
}

document.addEventListener("shapecalc:sizes", (event) => {
  setSizesTo(event.detail);
  showCard();
});
document.addEventListener("shapecalc:select", (event) => selectNamed(event.detail?.name));
buildFolds();
buildCamera();
buildSearch();
buildKeys();
buildFacts();
buildSizes();
buildTheme();
showWhole();
