// The pane of the layer that is selected: its equations, what they rest on, its field in words.

function buildDetail() {
  document.addEventListener("shapecalc:select", showDetail);
  document.addEventListener("shapecalc:sizes", showDetail);
}

function showDetail() {
  const row = selectedRow();
  if (row === null) return;
  const { detail } = row;
  byId("detail").replaceChildren(
    ...[
      element("h2", { id: "detail-name" }, row.path || "the model"),
      element("p", { class: "op" }, detail?.op ?? row.op),
      element("p", { class: "quiet" }, placeText(row)),
      shapes(row),
      ...(detail?.axes ?? []).map(axisEquation),
      fieldWords(row),
      ...(detail?.recurrence ?? []).map(recurrence),
      premises(detail?.premises ?? []),
      rule(detail),
      explanation(row),
      detail?.note ? element("p", { class: "quiet" }, detail.note) : null,
      ...mentions(row),
    ].filter(Boolean),
  );
}

const placeText = (row) => [row.label, row.place].filter(Boolean).join(" · ");

const part = (title, ...content) => element("div", { class: "part" }, element("h3", {}, title), ...content);

function shapes(row) {
  const tensors =
    row.detail?.tensors ??
    [...row.inputs.map((shape) => ["input", "", shape]), ...row.outputs.map(({ shape }) => ["output", "", shape])];
  const lines = tensors.flatMap(([role, layout, shape]) => [
    element("dt", {}, role, layout ? element("small", {}, ` ${layout}`) : null),
    element("dd", {}, math(shapeMath(shape)), hasValues() ? element("span", { class: "here" }, ` ${shapeText(shape)}`) : null),
  ]);
  return part("Shapes", element("dl", { class: "shapes" }, ...lines));
}

// In general, with this layer's numbers, and with the sizes that are typed.
function axisEquation({ axis, general, here, values, out }) {
  const equals = () => mathElement("mo", {}, "=");
  const line = (content, words) => element("p", { class: "equation" }, math(content), element("small", {}, words));
  const lines = [
    line(mathElement("mrow", {}, mathTree(["sub", axis, "out"]), equals(), mathTree(general)), "in general"),
    line(mathElement("mrow", {}, equals(), mathTree(here)), "with this layer's numbers"),
    line(mathElement("mrow", {}, equals(), formulaMath(out)), "simplified"),
  ];
  const numbers = Object.entries(values).map(([name, number]) => [name, valueOf(number, state.sizes)]);
  const result = valueOf(out, state.sizes);
  if (hasValues() && result !== null && numbers.every(([, value]) => value !== null)) {
    const content = mathElement("mrow", {}, equals(), mathTree(general, Object.fromEntries(numbers)), equals(), mathTree(String(result)));
    lines.push(line(content, "at these sizes"));
  }
  return part(`${axis}`, ...lines);
}

function fieldWords({ field }) {
  if (field?.text === undefined) return null;
  if (field.known === "unknown") return part("Receptive field", element("p", {}, "Unknown: an op without a rule comes before."), ...field.notes.map(quietly));
  const named = [["stride", field.stride], ["padding", field.padding], ["centre", field.centre]];
  const words = [field.text, ...named.filter(([, text]) => text).map(([name, text]) => `${name} ${text}`)].join(", ");
  const relations = [...axesByRelation(field.relations)].map(([text, axes]) => element("li", {}, `${axes.join(", ")}: `, element("code", {}, text)));
  return part(
    "Receptive field",
    element("p", {}, `${words} on ${field.input}`, field.known === "exact" ? "" : ", an upper bound"),
    relations.length ? element("ul", { class: "plain" }, ...relations) : null,
    element("p", { class: "quiet" }, "far from the borders; the viewer below is exact up to them"),
    ...field.notes.map(quietly),
  );
}

// Return the axes that have the same relation, by what it says of output i and input j.
function axesByRelation(relations) {
  const found = new Map();
  for (const [axis, text] of relations.filter(([, each]) => !each.includes("[] ->"))) {
    const said = text.replace(/^[^:]*\] : /, "").replace(/ }$/, "").replaceAll("<=", "≤").replaceAll(">=", "≥");
    const shown = /^\{ \[i\] -> \[j\] : [^;]* \}$/.test(text) ? `output i sees j where ${said}` : text;
    found.set(shown, [...(found.get(shown) ?? []), axis]);
  }
  return found;
}

const quietly = (text) => element("p", { class: "quiet" }, text);

function recurrence({ axes, origin, lines }) {
  const made = lines.map(([name, text, value, meaning]) => {
    const equals = () => mathElement("mo", {}, "=");
    const result = value === null ? [] : [equals(), mathTree(value)];
    const content = mathElement("mrow", {}, mathTree(name), equals(), mathTree(text), ...result);
    return element("p", { class: "equation" }, math(content), element("small", {}, meaning));
  });
  return part(`How the field grows: ${axes}`, element("p", { class: "quiet" }, origin), ...made);
}

function premises(found) {
  if (!found.length) return null;
  const lines = found.map(({ condition, kind, why, place }) =>
    element("li", {}, math(mathTree(condition)), ` ${[kind === "branch" ? "chosen here" : "needed", why].filter(Boolean).join(": ")}`, place ? element("small", {}, ` ${place}`) : null),
  );
  return part("What it rests on", element("ul", {}, ...lines));
}

function rule(detail) {
  if (!detail?.rule?.length) return null;
  const source = /^https:\/\//.test(detail.source)
    ? element("a", { href: detail.source, rel: "noopener noreferrer" }, detail.source.replace(/^https:\/\//, ""))
    : detail.source;
  return part("Rule", ...detail.rule.map((line) => element("p", { class: "rule" }, line)), element("p", { class: "quiet" }, source));
}

// What the layer does to one element, with numbers, where the report was made with them.
function explanation({ path }) {
  if (!Object.hasOwn(data.by_hand, path)) return null;
  return part("One element by hand", element("pre", { tabindex: "0", "aria-label": `${path}, one element by hand` }, data.by_hand[path]));
}

// The findings that speak of this layer.
function mentions(row) {
  const found = data.findings.map((each, n) => [each, n]).filter(([each]) => each.layer && each.layer === row.path);
  return found.map(([each, n]) =>
    element("p", { class: `finding ${each.severity}` }, element("a", { href: `#finding-${n}` }, `${SIGNS[each.severity]} ${each.severity} ${each.code}`), ` ${each.message}`),
  );
}
