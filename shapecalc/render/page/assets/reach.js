// The receptive field of one output element, exactly: back through the ops, one by one, at the
// sizes that are typed, cut off at the ends of every tensor on the way.

class NotFollowed extends Error {}

// Return the value of a formula as a number that can be counted with.
function countOf(number, sizes) {
  const value = valueOf(number, sizes);
  if (value === null || value > BigInt(Number.MAX_SAFE_INTEGER) || -value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new NotFollowed();
  }
  return Number(value);
}

// Return the boxes of every input that an element of a tensor can depend on. `element` has a
// list of indices for each axis. `unknown` names the op behind which nothing is known, `bounds`
// says why more may be listed than is seen.
function fieldOf(tensors, number, element, sizes) {
  const result = { inputs: new Map(), bounds: new Set(), unknown: null };
  const asked = new Map([[number, [element]]]);
  const shapes = new Map();
  const shapeOf = (n) => {
    if (!shapes.has(n)) shapes.set(n, tensors[n].shape.map((size) => valueOf(size, sizes)));
    return shapes.get(n);
  };
  for (let n = number; n >= 0; n--) {
    const boxes = asked.get(n);
    if (!boxes) continue;
    if (tensors[n].reads === undefined) {
      result.inputs.set(n, boxes);
      continue;
    }
    const out = plainShape(shapeOf(n));
    for (const [operand, accesses, why] of tensors[n].reads) {
      const shape = plainShape(shapeOf(operand));
      if (accesses === null || shape === null || out === null) {
        result.unknown = tensors[n].name;
        return result;
      }
      if (why) result.bounds.add(why);
      const found = followed(() => boxes.flatMap((box) => operandBoxes(accesses, box, out, shape, sizes, result.bounds)));
      if (found === null) {
        result.unknown = tensors[n].name;
        return result;
      }
      if (!found.length) continue;
      if (!asked.has(operand)) asked.set(operand, []);
      for (const box of found) addBox(asked.get(operand), box, result.bounds);
    }
  }
  return result;
}

// Return the axes of a tensor along which what is seen of the inputs' positions moves: an axis
// moves that an access to a moving axis hangs on. On all other axes every element sees the same,
// or, as after a `cat` of channels, the element chooses.
function movingAxes(tensors, number, sizes) {
  const known = new Map();
  for (let n = 0; n <= number; n++) known.set(n, movingOf(tensors, n, known, sizes));
  return [...known.get(number)].sort((a, b) => a - b);
}

function movingOf(tensors, number, known, sizes) {
  const { axes, reads, shape } = tensors[number];
  if (reads === undefined) return new Set(axes.map(([axis]) => axis));
  const moving = new Set();
  for (const [operand, accesses] of reads) {
    const before = known.get(operand);
    if (accesses === "regroup") {
      const [old, fresh] = [tensors[operand].shape, shape].map((each) => plainShape(each.map((size) => valueOf(size, sizes))));
      if (old === null || fresh === null || old.includes(0)) continue;
      for (const [from, to] of groupsOf(old, fresh)) if (from.some((axis) => before.has(axis))) to.forEach((axis) => moving.add(axis));
    } else if (Array.isArray(accesses)) {
      for (const access of accesses) access.axes.forEach((entry, n) => before.has(n) && axesIn(entry).forEach((axis) => moving.add(axis)));
    }
  }
  return moving;
}

// Return what is found, or null where an access has a formula without a value.
function followed(find) {
  try {
    return find();
  } catch (error) {
    if (error instanceof NotFollowed) return null;
    throw error;
  }
}

// Return a shape as numbers that can be counted with, or null.
function plainShape(shape) {
  const usable = shape.every((size) => size !== null && size >= 0n && size <= BigInt(LONGEST_AXIS));
  return usable ? shape.map(Number) : null;
}

function operandBoxes(accesses, box, out, shape, sizes, bounds) {
  if (shape.includes(0)) return [];
  if (accesses === "all") return [shape.map(whole)];
  if (accesses === "regroup") return regrouped(box, out, shape, bounds);
  return accesses.flatMap((access) => {
    if (access.bound) bounds.add(access.bound);
    const kept = within(box, access.when, sizes);
    if (kept === null) return [];
    return apart(kept, access.axes, bounds).map((part) => readBox(part, access.axes, shape, sizes)).filter(Boolean);
  });
}

// Return the part of a box whose elements read the operand at all, or null for none.
function within(box, ranges, sizes) {
  const kept = [...box];
  for (const [axis, ...ends] of ranges) {
    const [start, stop, step] = ends.map((end) => countOf(end, sizes));
    kept[axis] = kept[axis].filter((i) => i >= start && i < stop && (i - start) % step === 0);
    if (!kept[axis].length) return null;
  }
  return kept;
}

const MOST_COMBINATIONS = 4096;

// Return a box in parts, each with one index on the axes that several entries hang on: those
// entries do not move freely of each other.
function apart(box, entries, bounds) {
  const uses = new Map();
  for (const entry of entries) for (const axis of axesIn(entry)) uses.set(axis, (uses.get(axis) ?? 0) + 1);
  const shared = [...uses].filter(([axis, count]) => count > 1 && box[axis].length > 1).map(([axis]) => axis);
  const count = shared.reduce((total, axis) => total * box[axis].length, 1);
  if (count > MOST_COMBINATIONS) {
    bounds.add("several axes move together");
    return [box];
  }
  let parts = [box];
  for (const axis of shared) {
    parts = parts.flatMap((part) => part[axis].map((index) => part.map((set, n) => (n === axis ? [index] : set))));
  }
  return parts;
}

const INDEX = "__i"; // what the symbols of output indices begin with

function axesIn(entry) {
  if (entry[0] === "same" || entry[0] === "window") return [entry[1]];
  if (entry[0] !== "interval") return [];
  const names = new Set([...symbolsIn(entry[1]), ...symbolsIn(entry[2])]);
  return [...names].filter((name) => name.startsWith(INDEX)).map((name) => Number(name.slice(INDEX.length)));
}

function readBox(box, entries, shape, sizes) {
  const found = [];
  for (const [n, entry] of entries.entries()) {
    const indices = readAxis(entry, box, shape[n], sizes);
    if (!indices.length) return null; // padding alone: nothing is read, on no axis
    found.push(indices);
  }
  return found;
}

function readAxis(entry, box, size, sizes) {
  switch (entry[0]) {
    case "whole":
      return whole(size);
    case "element":
      return marked(size, (mark) => mark(countOf(entry[1], sizes)));
    case "same": {
      const own = box[entry[1]];
      return own.at(-1) < size ? own : own.filter((index) => index < size);
    }
    case "window":
      return marked(size, (mark) => slide(entry, box, size, sizes, mark));
    case "interval":
      return interval(entry, box, size, sizes);
  }
  throw new TypeError(`no access ${entry[0]}`);
}

// Output index i reads i*stride - padding + dilation*t, or with input and output turned around.
function slide([, axis, ...rest], box, size, sizes, mark) {
  const [count, stride, padding, dilation] = rest.slice(0, 4).map((number) => countOf(number, sizes));
  const [transposed, mode] = rest.slice(4);
  for (const i of box[axis]) {
    for (let t = 0; t < count; t++) {
      if (!transposed) mark(beyond(i * stride - padding + dilation * t, size, mode));
      else if ((i + padding - dilation * t) % stride === 0) mark(beyond((i + padding - dilation * t) / stride, size, mode));
    }
  }
}

// Return which element stands at place q of a padded axis.
function beyond(q, size, mode) {
  if (mode === "zeros" || (q >= 0 && q < size)) return q;
  if (mode === "circular") return q < 0 ? q + size : q - size;
  if (mode === "reflect") return q < 0 ? -q : 2 * (size - 1) - q;
  return q < 0 ? 0 : size - 1;
}

const intervals = new Map(); // those of all sizes are forgotten when the sizes change

function interval(entry, box, size, sizes) {
  const axes = axesIn(entry);
  const key = `${entry[1]},${entry[2]},${size},${axes.map((axis) => `${axis}:${box[axis].join()}`).join(";")}`;
  if (!intervals.has(key)) {
    intervals.set(key, marked(size, (mark) => {
      let places = [sizes];
      for (const axis of axes) {
        places = places.flatMap((known) => box[axis].map((index) => ({ ...known, [INDEX + axis]: BigInt(index) })));
      }
      for (const known of places) {
        const [low, high] = [countOf(entry[1], known), countOf(entry[2], known)];
        for (let j = Math.max(low, 0); j <= Math.min(high, size - 1); j++) mark(j);
      }
    }));
  }
  return intervals.get(key);
}

document.addEventListener("shapecalc:sizes", () => intervals.clear());
