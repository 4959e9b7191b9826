// What is wrong, each cause to be opened: why, where, and what repairs it.

const SIGNS = { error: "✕", warning: "!", note: "i" };

function buildFindings() {
  if (!data.findings.length) {
    byId("findings").append(element("p", { class: "quiet" }, "No mistake was found."));
    return;
  }
  const order = ["error", "warning", "note"];
  const counts = order.map((severity) => [severity, data.findings.filter((each) => each.severity === severity).length]);
  const said = counts.filter(([, count]) => count).map(([severity, count]) => `${SIGNS[severity]} ${count} ${severity}${count === 1 ? "" : "s"}`);
  byId("counts").append(element("a", { href: "#findings" }, said.join("  ")));
  byId("findings").append(...data.findings.map(findingElement));
}

function findingElement(found, number) {
  const layer = found.layer
    ? element("button", { type: "button", class: "link", on: { click: () => selectByName(found.layer) } }, found.layer)
    : null;
  return element(
    "details",
    { class: `finding ${found.severity}`, id: `finding-${number}`, open: found.severity === "error" },
    element(
      "summary",
      {},
      element("span", { class: "sign" }, `${SIGNS[found.severity]} ${found.severity}`),
      element("span", { class: "code" }, found.code),
      element("span", { class: "message" }, found.message),
    ),
    layer ? element("p", {}, "in ", layer) : null,
    ...found.places.map((text) => element("p", { class: "quiet" }, element("code", {}, text))),
    listed("Why", found.because),
    listed("Also", found.also.map(([name, message]) => (name === "" ? message : `${name}: ${message}`))),
    listed(found.repairs.length > 1 ? "Repairs, any one" : "Repair", found.repairs.map(([text, tried]) => (tried ? `${text} (tried: ${tried})` : text)), "repair"),
  );
}

function listed(title, texts, kind = "") {
  if (!texts.length) return null;
  return element("div", { class: `part ${kind}` }, element("h3", {}, title), element("ul", {}, ...texts.map((text) => element("li", {}, text))));
}

function selectByName(name) {
  const number = rowOf(name);
  if (number !== null) select(number);
}

// ------------------------------------------------------------------ accepted sizes, notes

function buildAccepted() {
  const found = data.accepted;
  const made = [];
  if (found === null) made.push(element("p", {}, data.validity));
  else if (found.none) made.push(element("p", {}, "No size is accepted."), listed("Because", found.refusals));
  else if (found.every) made.push(element("p", {}, `Every size: any ${data.symbols.join(", ")}.`));
  else made.push(...found.sets.map(acceptedSet));
  if (found !== null && !found.complete) made.push(element("p", { class: "quiet" }, "Not all paths through the model were explored: other sizes may be accepted, too."));
  if (found?.reasons.length) {
    const lines = found.reasons.map(([clause, cause]) => [element("dt", {}, mathOrText(clause)), element("dd", {}, cause)]);
    made.push(element("div", { class: "part" }, element("h3", {}, "Because"), element("dl", {}, ...lines.flat())));
  }
  byId("accepted").append(...made.filter(Boolean));
  const chosen = data.branches.map(([texts, why, place]) => `The formulas are those for ${texts.join(", ")}: ${why}${place ? ` (${place})` : ""}`);
  const notes = [...data.notes, ...chosen];
  if (notes.length) byId("notes").append(element("h2", {}, "Notes"), element("ul", {}, ...notes.map((text) => element("li", {}, text))));
}

function acceptedSet([formulas, words]) {
  const shown = formulas.map((tree, n) => element("span", { class: "clause" }, mathOrText(tree), n < formulas.length - 1 ? "," : ""));
  return element("div", { class: "set" }, words.length ? element("p", {}, words.join(", ")) : null, element("p", {}, ...shown));
}
