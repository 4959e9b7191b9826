// Whether the model accepts sizes, on which of its paths, and if not, why.

// A comparison of two formulas; where a side has no value, it does not hold.
function holds([left, relation, right], sizes) {
  const [a, b] = [valueOf(left, sizes), valueOf(right, sizes)];
  if (a === null || b === null) return false;
  switch (relation) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
  }
  throw new TypeError(`no relation ${relation}`);
}

const allHold = (conditions, sizes) => conditions.every((condition) => holds(condition, sizes));

// A set of linear constraints over the symbols and the quotients that are made of them.
function inSet(set, sizes) {
  if (set === null) return null;
  const point = set.names.map((name) => sizes[name]);
  return set.any.some((part) => inPart(part, point)) && allHold(set.open, sizes);
}

function inPart({ quotients, zeros, positives }, point) {
  const values = [...point];
  for (const [row, divisor] of quotients) values.push(floorDivide(dot(row, values), BigInt(divisor)));
  return zeros.every((row) => dot(row, values) === 0n) && positives.every((row) => dot(row, values) >= 0n);
}

// The last coefficient of a row is its constant.
function dot(row, values) {
  let total = BigInt(row[row.length - 1]);
  for (let n = 0; n < row.length - 1; n++) if (row[n]) total += BigInt(row[n]) * values[n];
  return total;
}

// Return what is known of sizes: `kind` is accepted, with the number of the path that the model
// takes, elsewhere for a path that is not in this file, rejected, or unknown.
function verdictAt(sizes) {
  const path = data.paths.findIndex((each) => !each.fails && allHold(each.when, sizes));
  if (path >= 0) return { kind: "accepted", path };
  if (data.elsewhere.some((when) => allHold(when, sizes))) return { kind: "elsewhere" };
  const ends = data.paths.findIndex((each) => each.fails && allHold(each.when, sizes));
  const shown = ends >= 0 ? { path: ends } : {}; // its formulas hold up to where it fails
  if (data.accepted === null) return { kind: ends >= 0 ? "rejected" : "unknown", reasons: [], ...shown };
  const failed = data.accepted.rejections.filter(({ set }) => inSet(set, sizes) === true);
  if (!failed.length && !data.accepted.complete) return { kind: "unknown" };
  return { kind: "rejected", reasons: reasonsOf(failed, sizes), ...shown };
}

const isAccepted = (sizes) => ["accepted", "elsewhere"].includes(verdictAt(sizes).kind);

function reasonsOf(failed, sizes) {
  const reasons = failed.map(({ text, sides }) => {
    if (sides === null) return text;
    const found = [sides[0], sides[2]].map((side) => [data.formulas[side], valueOf(side, sizes)]);
    const numbers = found.filter(([entry, value]) => typeof entry[2] !== "number" && value !== null);
    const here = numbers.map(([entry, value]) => `${entry[0]} = ${value}`).filter((t) => t !== "");
    return here.length ? `${text}; here ${here.join(", ")}` : text;
  });
  return [...new Set(reasons)];
}

const LONGEST_SEARCH = 60; // milliseconds, so that typing goes on

// Return the accepted sizes with the least sum of differences; of two that are as near, the
// larger. Null where none is near.
function nearestAccepted(sizes) {
  const names = data.symbols.filter((name) => mattering().has(name));
  const end = performance.now() + LONGEST_SEARCH;
  for (let distance = 1; names.length; distance++) {
    for (const offsets of offsetsOf(names.length, distance)) {
      const near = { ...sizes };
      names.forEach((name, n) => (near[name] += BigInt(offsets[n])));
      if (names.some((name) => near[name] < BigInt(data.least[name] ?? 1))) continue;
      if (isAccepted(near)) return near;
      if (performance.now() > end) return null;
    }
  }
  return null;
}

// Yield all offsets whose absolute values make up a sum, the largest first ones first.
function* offsetsOf(count, sum) {
  if (count === 1) {
    yield [sum];
    if (sum) yield [-sum];
    return;
  }
  for (let first = sum; first >= -sum; first--) {
    for (const rest of offsetsOf(count - 1, sum - Math.abs(first))) yield [first, ...rest];
  }
}

let symbolsThatMatter = null;

function mattering() {
  if (symbolsThatMatter === null) {
    const conditions = [...data.paths.flatMap((path) => path.when), ...data.elsewhere.flat()];
    const names = conditions.flatMap(([left, , right]) => [...symbolsIn(left), ...symbolsIn(right)]);
    symbolsThatMatter = new Set(names);
  }
  return symbolsThatMatter;
}

function symbolsIn(number) {
  const walk = (tree) => (typeof tree === "string" ? [tree] : Array.isArray(tree) ? tree.slice(1).flatMap(walk) : []);
  return walk(data.formulas[number][2]);
}
