// Formulas as MathML.

const NAME_OPERATOR = new Set(["mod"]);

// Return the MathML of a tree; `values` puts numbers in the places of symbols.
function mathTree(tree, values = {}) {
  if (typeof tree === "string") return mathName(tree, values);
  const [kind, ...parts] = tree;
  const inner = () => parts.map((part) => mathTree(part, values));
  switch (kind) {
    case "row":
      return mathElement("mrow", {}, ...inner());
    case "op":
      return mathElement("mo", NAME_OPERATOR.has(parts[0]) ? { lspace: "0.3em", rspace: "0.3em" } : {}, operatorIn(parts[0], values));
    case "frac":
      return mathElement("mfrac", {}, ...inner());
    case "floor":
      return mathElement("mrow", {}, fence("⌊", "prefix"), ...inner(), fence("⌋", "postfix"));
    case "paren": {
      const round = isHigh(tree) ? fence : bracket;
      return mathElement("mrow", {}, round("(", "prefix"), ...inner(), round(")", "postfix"));
    }
    case "sup":
      return mathElement("msup", {}, ...inner());
    case "sub":
      return `${parts[0]}_${parts[1]}` in values || parts.join("") in values
        ? mathName(`${parts[0]}_${parts[1]}` in values ? `${parts[0]}_${parts[1]}` : parts.join(""), values)
        : mathElement("msub", {}, mathName(parts[0], {}), mathName(parts[1], {}));
    case "call":
      return mathElement("mrow", {}, mathElement("mi", {}, parts[0]), fence("(", "prefix"), ...separated(parts.slice(1).map((part) => mathTree(part, values))), fence(")", "postfix"));
    case "text":
      return mathElement("mtext", {}, parts[0]);
  }
  throw new TypeError(`no formula ${kind}`);
}

const isHigh = (tree) => Array.isArray(tree) && (tree[0] === "frac" || tree[0] === "sup" || tree.slice(1).some(isHigh));

// Where numbers stand for symbols, a product needs its sign.
const operatorIn = (sign, values) => (sign === "\u2062" && Object.keys(values).length ? "\u22c5" : sign);

const fence = (sign, form) => mathElement("mo", { fence: "true", form, stretchy: "true", lspace: "0em", rspace: "0em" }, sign);

// Brackets that stay as high as a number.
const bracket = (sign, form) => mathElement("mo", { form, stretchy: "false", lspace: "0em", rspace: "0em" }, sign);

function mathName(name, values) {
  if (Object.hasOwn(values, name)) return mathElement("mn", {}, String(values[name]));
  if (/^[0-9]/.test(name)) return mathElement("mn", {}, name);
  return mathElement("mi", {}, name);
}

const separated = (parts) => parts.flatMap((part, n) => (n ? [mathElement("mo", { separator: "true" }, ","), part] : [part]));

const math = (...content) => mathElement("math", {}, ...content);

// What is no formula is text, which goes on on the next line.
const mathOrText = (tree) => (tree[0] === "text" ? element("span", {}, tree[1]) : math(mathTree(tree)));

const formulaMath = (number) => mathTree(data.formulas[number][1]);

// A shape as a formula: every size of it with its own fences.
function shapeMath(shape) {
  const sizes = separated(shape.map(formulaMath));
  const last = shape.length === 1 ? [mathElement("mo", { separator: "true" }, ",")] : [];
  return mathElement("mrow", {}, bracket("(", "prefix"), ...sizes, ...last, bracket(")", "postfix"));
}

function shapeText(shape) {
  const sizes = shape.map((number) => {
    const value = valueOf(number, state.sizes);
    return value === null ? data.formulas[number][0] : String(value);
  });
  return sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(", ")})`;
}

// A shape as a formula for those who hear the page: MathML is read differently everywhere.
const shapeWords = (shape) => `(${shape.map((number) => data.formulas[number][0]).join(", ")})`;
