// Indices on one axis of a tensor, as sorted lists; and boxes, which are products of them.

const LONGEST_AXIS = 1 << 18; // elements; no field is followed over a longer one

const wholes = new Map();

// Return all indices of an axis. The same list for the same size, so that it is known again.
function whole(size) {
  if (!wholes.has(size)) wholes.set(size, Array.from({ length: size }, (_, n) => n));
  return wholes.get(size);
}

function sameSet(a, b) {
  return a === b || (a.length === b.length && a.every((value, n) => value === b[n]));
}

function isSubset(a, b) {
  if (a === b) return true;
  if (a.length > b.length) return false;
  let n = 0;
  for (const value of a) {
    while (n < b.length && b[n] < value) n++;
    if (b[n] !== value) return false;
  }
  return true;
}

function unionOf(a, b) {
  if (isSubset(a, b)) return b;
  if (isSubset(b, a)) return a;
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}

// Return the indices that `mark` is called with, within the axis, in order.
function marked(size, marking) {
  const seen = new Uint8Array(size);
  let count = 0;
  marking((index) => {
    if (index >= 0 && index < size && !seen[index]) {
      seen[index] = 1;
      count++;
    }
  });
  if (count === size) return whole(size);
  const found = [];
  for (let n = 0; n < size && found.length < count; n++) if (seen[n]) found.push(n);
  return found;
}

const MOST_BOXES = 64; // of one tensor; more are put together, which may be more than is seen

// Add a box to a list. Boxes are joined where their union is a box again; `bounds` learns where
// they are joined although it is not.
function addBox(boxes, box, bounds) {
  if (boxes.some((other) => box.every((axis, n) => isSubset(axis, other[n])))) return;
  for (let n = boxes.length - 1; n >= 0; n--) {
    if (boxes[n].every((axis, m) => isSubset(axis, box[m]))) boxes.splice(n, 1);
  }
  for (let n = 0; n < boxes.length; n++) {
    const apart = box.map((axis, m) => !sameSet(axis, boxes[n][m]));
    if (apart.filter(Boolean).length === 1) {
      const [other] = boxes.splice(n, 1);
      addBox(boxes, box.map((axis, m) => unionOf(axis, other[m])), bounds);
      return;
    }
  }
  boxes.push(box);
  if (boxes.length > MOST_BOXES) {
    bounds.add("its parts are too many to be followed one by one");
    const all = boxes.reduce((one, other) => one.map((axis, n) => unionOf(axis, other[n])));
    boxes.splice(0, boxes.length, all);
  }
}

// Return neighbours of a sorted list as [first, last].
function runsOf(indices) {
  const runs = [];
  for (const index of indices) {
    if (runs.length && runs.at(-1)[1] === index - 1) runs.at(-1)[1] = index;
    else runs.push([index, index]);
  }
  return runs;
}

// Return indices as people write them: `0..45`, `0, 2, 4`, `0, 2, …, 40`.
function indicesText(indices) {
  if (!indices.length) return "none";
  const runs = runsOf(indices);
  const step = indices.length > 3 ? indices[1] - indices[0] : 1;
  if (step > 1 && indices.every((index, n) => !n || index - indices[n - 1] === step)) {
    return `${indices[0]}, ${indices[1]}, …, ${indices.at(-1)} (every ${step}${step === 2 ? "nd" : step === 3 ? "rd" : "th"})`;
  }
  const texts = runs.map(([first, last]) => (first === last ? `${first}` : `${first}..${last}`));
  return texts.length <= 8 ? texts.join(", ") : `${texts.slice(0, 6).join(", ")}, …, ${texts.at(-1)}`;
}
