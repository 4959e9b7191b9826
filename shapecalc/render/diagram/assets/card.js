// The node that is selected, in words.

let selected = null;
let telling = false; // what is heard then was said here

function select(number, { tell = true } = {}) {
  selected = number;
  for (const [other, { group }] of drawnNodes) group.setAttribute("aria-selected", String(other === number));
  showCard();
  if (!tell || number === null || sheet.nodes[number].role === "output") return;
  // the page knows a run by its first member
  const first = isRun(number) ? sheet.insides[sheet.nodes[number].chain][1][0] : number;
  telling = true;
  document.dispatchEvent(new CustomEvent("shapecalc:select", { detail: { name: sheet.nodes[first].path } }));
  telling = false;
}

function showCard() {
  const card = part("card");
  card.hidden = selected === null;
  if (selected === null) return;
  const node = sheet.nodes[selected];
  // on the side where the node is not
  const { x, width } = shown.nodes.get(selected) ?? { x: 0, width: 0 };
  card.classList.toggle("right", (x + width / 2) * camera.scale + camera.x < stage.clientWidth / 2);
  const [, ...lines] = node.text.split("\n");
  const numbers = (node.values ?? []).map(numbersOf).filter((text) => text !== null);
  const close = html("button", { type: "button", class: "close", "aria-label": "close" }, "×");
  close.addEventListener("click", () => select(null));
  card.replaceChildren(
    close,
    html("h3", {}, node.path),
    html("p", { class: "kind" }, node.text.split("\n")[0].slice(node.path.length + 2)),
    html("ul", {}, ...lines.map((line) => html("li", {}, line)), ...numbers.map((text) => html("li", { class: "value" }, `here ${text}`))),
  );
}

// A layer may be chosen elsewhere on the page.
function selectNamed(name) {
  if (telling || (selected !== null && sheet.nodes[selected].path === name)) return;
  const number = sheet.nodes.findIndex((node) => node.path === name && node.role !== "run" && node.role !== "input");
  if (number >= 0) unfoldTo(number, () => reveal(number));
  select(number >= 0 ? number : null, { tell: false });
}
