// The same elements under another shape, as `view` makes it: which of them were where before.

const MOST_ELEMENTS = 1 << 20; // that are gone through one by one

// Return the boxes of a tensor of shape `before` that hold the elements of `box`, in `after`.
function regrouped(box, after, before, bounds) {
  const groups = groupsOf(before, after);
  let found = [before.map((size) => (size === 1 ? [0] : null))];
  for (const [old, fresh] of groups) {
    const parts = partsOf(box, old, fresh, before, after, bounds);
    found = found.flatMap((start) =>
      parts.map((part) => {
        const made = [...start];
        old.forEach((axis, n) => (made[axis] = part[n]));
        return made;
      }),
    );
  }
  return found;
}

// Return the smallest groups of axes, before and after, with the same number of elements.
function groupsOf(before, after) {
  const longer = (shape) => [...shape.keys()].filter((axis) => shape[axis] !== 1);
  const [old, fresh] = [longer(before), longer(after)];
  const groups = [];
  while (old.length && fresh.length) {
    const group = [[old.shift()], [fresh.shift()]];
    let [left, right] = [before[group[0][0]], after[group[1][0]]];
    while (left !== right) {
      if (left < right) {
        group[0].push(old.shift());
        left *= before[group[0].at(-1)];
      } else {
        group[1].push(fresh.shift());
        right *= after[group[1].at(-1)];
      }
    }
    groups.push(group);
  }
  return groups;
}

// Return the parts of the old axes of a group that hold what the box holds on the new ones.
function partsOf(box, old, fresh, before, after, bounds) {
  const sets = fresh.map((axis) => box[axis]);
  if (old.length === 1 && fresh.length === 1) return [[sets[0]]];
  const sizes = old.map((axis) => before[axis]);
  const all = sets.every((set, n) => set.length === after[fresh[n]]);
  const count = sets.reduce((total, set) => total * set.length, 1);
  if (!all && count > MOST_ELEMENTS) bounds.add("a reshape has too many elements to go through");
  if (all || count > MOST_ELEMENTS) return [sizes.map(whole)];
  let numbers = [0];
  sets.forEach((set, n) => {
    const size = after[fresh[n]];
    numbers = numbers.flatMap((number) => set.map((index) => number * size + index));
  });
  return split(numbers, sizes);
}

// Return sorted element numbers as boxes of digits, those with the same last digits together.
function split(numbers, sizes) {
  if (sizes.length === 1) return [[numbers]];
  const weight = sizes.slice(1).reduce((total, size) => total * size, 1);
  const rests = new Map();
  for (const number of numbers) {
    const first = Math.floor(number / weight);
    if (!rests.has(first)) rests.set(first, []);
    rests.get(first).push(number - first * weight);
  }
  const alike = new Map();
  for (const [first, rest] of rests) {
    const key = rest.join();
    if (!alike.has(key)) alike.set(key, [[], rest]);
    alike.get(key)[0].push(first);
  }
  return [...alike.values()].flatMap(([firsts, rest]) => split(rest, sizes.slice(1)).map((part) => [firsts, ...part]));
}
