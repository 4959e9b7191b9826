// The row of boxes in which sizes are typed, and the verdict on them.

function buildBoxes() {
  const boxes = data.symbols.map((name) =>
    element(
      "label",
      { class: "box" },
      math(mathTree(name)),
      element("input", {
        type: "number",
        inputmode: "numeric",
        min: String(data.least[name] ?? 1),
        step: "1",
        value: String(state.sizes[name]),
        name,
        "aria-label": `size ${name}`,
        "aria-describedby": "verdict",
        autocomplete: "off",
        on: { input: readBoxes },
      }),
    ),
  );
  byId("boxes").append(...boxes);
  if (!data.symbols.length) byId("boxes").append(element("p", { class: "quiet" }, "The input has one size alone."));
  document.addEventListener("shapecalc:sizes", showVerdict);
}

const boxOf = (name) => [...byId("boxes").querySelectorAll("input")].find((box) => box.name === name);

function readBoxes() {
  const sizes = {};
  let wrong = false;
  for (const name of data.symbols) {
    const text = boxOf(name).value.trim();
    const good = /^[0-9]{1,9}$/.test(text) && Number(text) >= (data.least[name] ?? 1);
    boxOf(name).setAttribute("aria-invalid", String(!good));
    wrong ||= !good;
    if (good) sizes[name] = BigInt(text);
  }
  setSizes(wrong ? null : sizes);
}

function typeSizes(sizes) {
  for (const name of data.symbols) boxOf(name).value = String(sizes[name]);
  readBoxes();
}

const NOT_HERE = "At these sizes the model takes a path that is not in this file.";

function showVerdict() {
  const found = state.verdict;
  const kind = found === null ? "incomplete" : found.kind;
  const [sign, text] = {
    incomplete: ["…", "Give every symbol a whole number, of at least 1."],
    accepted: ["✓", data.symbols.length ? "The model accepts these sizes." : "The model accepts its input."],
    elsewhere: ["✓", `The model accepts these sizes. ${NOT_HERE}`],
    rejected: ["✕", data.symbols.length ? "The model does not accept these sizes." : "The model does not accept its input."],
    unknown: ["?", data.accepted === null ? "Nothing is known of these sizes here." : `Not known. ${NOT_HERE}`],
  }[kind];
  const made = [element("p", {}, element("span", { class: "sign", "aria-hidden": "true" }, sign), " ", text)];
  if (kind === "accepted" && found.path > 0) {
    made.push(element("p", { class: "quiet" }, "They take another path through the model: the formulas below are those of that path."));
  }
  if (kind === "rejected") made.push(...rejected(found));
  byId("verdict").className = `verdict ${kind}`;
  byId("verdict").replaceChildren(...made);
}

function rejected({ reasons }) {
  const made = [];
  if (reasons.length) made.push(element("ul", {}, ...reasons.map((reason) => element("li", {}, reason))));
  const near = nearestAccepted(state.sizes);
  if (near !== null) {
    const text = data.symbols.filter((name) => near[name] !== state.sizes[name]).map((name) => `${name} = ${near[name]}`);
    made.push(
      element("p", {}, "Nearest accepted: ", element("button", { type: "button", class: "link", on: { click: () => typeSizes(near) } }, text.join(", "))),
    );
  }
  return made;
}
