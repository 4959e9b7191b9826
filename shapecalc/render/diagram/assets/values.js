// Numbers in the boxes, at the sizes that are typed: computed where the formulas of this path
// through the model hold, and a dash where they do not.

const known = { sizes: Object.fromEntries(Object.entries(sheet.sizes).map(([name, size]) => [name, BigInt(size)])) };

// The exact value of formula `number`, or null where it has none.
function valueAt(number, sizes) {
  const tree = sheet.formulas[number];
  if (tree === null) return null;
  try {
    const [numerator, denominator] = evaluate(tree, sizes);
    return denominator === 1n ? numerator : null;
  } catch (error) {
    if (error instanceof DivisionByZero || error instanceof MissingSymbol) return null;
    throw error;
  }
}

const RELATIONS = { "==": (a, b) => a === b, "!=": (a, b) => a !== b, "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b };

function formulasHold(sizes) {
  if (sheet.fails) return false;
  return sheet.when.every(([left, relation, right]) => {
    const [a, b] = [valueAt(left, sizes), valueAt(right, sizes)];
    return a !== null && b !== null && RELATIONS[relation](a, b);
  });
}

// Return a line of numbers, or null where there are none at these sizes.
function numbersOf([before, shape]) {
  if (!formulasHold(known.sizes)) return null;
  const values = shape.map((number) => valueAt(number, known.sizes));
  if (values.includes(null)) return null;
  return values.length === 1 ? `${before}(${values[0]},)` : `${before}(${values.join(", ")})`;
}

// At most so many pixels wide.
const widthOf = (text) => [...text].reduce((sum, letter) => sum + (/[0-9]/.test(letter) ? 7 : 4.3), 0);

function showValues(group, node) {
  if (!node.values) return;
  const lines = [...group.querySelectorAll("text")].filter((text) => text.getAttribute("fill") === sheet.colours.value);
  node.values.forEach((value, n) => {
    const text = numbersOf(value) ?? "—";
    const room = node.size[0] - 14;
    lines[n].textContent = text;
    lines[n].setAttribute("class", "value");
    if (widthOf(text) > room) {
      lines[n].setAttribute("textLength", room);
      lines[n].setAttribute("lengthAdjust", "spacingAndGlyphs");
    } else lines[n].removeAttribute("textLength");
  });
}

function setSizesTo(sizes) {
  known.sizes = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, BigInt(size)]));
  for (const [number, { group, how }] of drawnNodes) if (how === CLOSED) showValues(group, sheet.nodes[number]);
}
