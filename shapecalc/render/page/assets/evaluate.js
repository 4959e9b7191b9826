// Exact values of formulas: fractions of BigInts, so that no size is ever rounded.

class DivisionByZero extends Error {}

function fraction(numerator, denominator = 1n) {
  if (denominator === 0n) throw new DivisionByZero();
  if (denominator === 1n) return [numerator, 1n];
  if (denominator < 0n) return fraction(-numerator, -denominator);
  const common = greatestCommonDivisor(numerator < 0n ? -numerator : numerator, denominator);
  return [numerator / common, denominator / common];
}

function greatestCommonDivisor(a, b) {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

// BigInt division rounds towards zero; a floor rounds down.
function floorDivide(a, b) {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

class MissingSymbol extends Error {}

function evaluate(tree, known) {
  if (typeof tree === "number") return [BigInt(tree), 1n];
  if (typeof tree === "string") {
    const value = known[tree];
    if (value === undefined || !Object.hasOwn(known, tree)) throw new MissingSymbol(tree);
    return [value, 1n];
  }
  const [operation, ...parts] = tree;
  switch (operation) {
    case "n":
      return [BigInt(parts[0]), 1n];
    case "/":
      return fraction(evaluate(parts[0], known)[0], evaluate(parts[1], known)[0]);
    case "+":
      return parts.map((part) => evaluate(part, known)).reduce(sum);
    case "*":
      return parts.map((part) => evaluate(part, known)).reduce(product);
    case "^":
      return power(evaluate(parts[0], known), parts[1]);
    case "floor": {
      const [numerator, denominator] = evaluate(parts[0], known);
      return [floorDivide(numerator, denominator), 1n];
    }
    case "max":
      return parts.map((part) => evaluate(part, known)).reduce((a, b) => (less(a, b) ? b : a));
    case "min":
      return parts.map((part) => evaluate(part, known)).reduce((a, b) => (less(b, a) ? b : a));
    case "scaled": // what torch does with a scale_factor: one product of doubles, rounded down
      return [BigInt(Math.floor(Number(evaluate(parts[0], known)[0]) * parts[1])), 1n];
  }
  throw new TypeError(`no operation ${operation}`);
}

const sum = ([a, b], [c, d]) => (b === d && b === 1n ? [a + c, 1n] : fraction(a * d + c * b, b * d));
const product = ([a, b], [c, d]) => fraction(a * c, b * d);
const less = ([a, b], [c, d]) => a * d < c * b;

function power([numerator, denominator], exponent) {
  const times = BigInt(Math.abs(exponent));
  const found = [numerator ** times, denominator ** times];
  return exponent < 0 ? fraction(found[1], found[0]) : found;
}

// Return the value of formula `number` as a BigInt, or null where it has none: a symbol without
// a value, a division by zero, an operation that the page does not know.
function valueOf(number, known) {
  const tree = data.formulas[number][2];
  if (typeof tree === "number") return BigInt(tree);
  if (tree === null) return null;
  try {
    const [numerator, denominator] = evaluate(tree, known);
    return denominator === 1n ? numerator : null;
  } catch (error) {
    if (error instanceof DivisionByZero || error instanceof MissingSymbol) return null;
    throw error;
  }
}
