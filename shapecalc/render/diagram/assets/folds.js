// What is open: the reader's choice, node by node.

let cuts = []; // where the outermost plan goes on in a next column
const folds = new Map(); // the number of a node to how it is shown; those that are closed are not in it

const inner = new Map(); // the number of a node to the numbers of what lies in it
const outer = new Map(); // the number of a node to that of the module or run around it
sheet.nodes.forEach((node, number) => {
  const key = node.chain ?? node.inside;
  if (key === undefined) return;
  const members = sheet.insides[key][1];
  inner.set(number, members);
  for (const member of members) outer.set(member, number);
});

// Yield what lies around a node, innermost first.
function* aroundOf(number) {
  for (let at = outer.get(number); at !== undefined; at = outer.get(at)) yield at;
}

const levelOf = (number) => [...aroundOf(number)].filter((around) => sheet.nodes[around].role !== "run").length + 1;
const canFold = (number) => sheet.nodes[number].inside !== undefined;
const isRun = (number) => sheet.nodes[number].chain !== undefined;
const isMember = (number) => outer.has(number) && isRun(outer.get(number));
const foldable = sheet.nodes.flatMap((_, number) => (canFold(number) ? [number] : []));
const deepest = Math.max(1, ...foldable.map((number) => levelOf(number) + 1));

function show(options, next = compose(folds, cuts)) {
  drawComposed(next, options);
  markFocused();
  markMatches();
  for (const [number, { group }] of drawnNodes) group.setAttribute("aria-selected", String(number === selected));
  part("depth").textContent = depthWords();
}

// Change how a node is shown; it stays where it is on the screen.
function setFold(number, how) {
  const before = shown.nodes.get(number);
  if (how === CLOSED) folds.delete(number);
  else folds.set(number, how);
  const next = compose(folds, cuts);
  const after = next.nodes.get(number);
  const by = [after.x + after.width / 2 - before.x - before.width / 2, after.y - before.y];
  panBy(-by[0] * camera.scale, -by[1] * camera.scale);
  show({ by }, next);
  say(number, how);
}

const toggle = (number) => canFold(number) && setFold(number, folds.has(number) ? CLOSED : OPEN);

const toggleChain = (number) => setFold(number, folds.get(number) === CHAIN ? OPEN : CHAIN);

function say(number, how) {
  const { name, times } = sheet.nodes[number];
  part("said").textContent = how === CLOSED ? `${name} folded` : how === CHAIN ? `${name}: all ${times} shown` : `${name} unfolded`;
}

// Open as many levels as are asked for; of a run, one stands for all, unless all is asked for.
function openTo(depth) {
  folds.clear();
  for (const number of foldable) {
    if (depth === Infinity) folds.set(number, isRun(number) ? CHAIN : OPEN);
    else if (levelOf(number) < depth && !isMember(number)) folds.set(number, OPEN);
  }
  showWhole();
}

// Show all in columns that fit the stage; folding then leaves the columns as they are.
function showWhole() {
  cuts = bestCuts(roomOf(0, folds), stage.clientWidth - 2 * EDGE, stage.clientHeight - 2 * EDGE);
  show({ moves: false });
  fit(false);
}

// Open what is around a node, as far as that is needed to see it.
function unfoldTo(number, done = () => {}) {
  const way = [...aroundOf(number)].reverse();
  way.push(number);
  let changed = false;
  way.slice(0, -1).forEach((around, n) => {
    const { chain } = sheet.nodes[around];
    const next = way[n + 1];
    const first = chain !== undefined && sheet.insides[chain][1][0] === next && next !== number;
    if (chain !== undefined && !first && folds.get(around) !== CHAIN) changed = folds.set(around, CHAIN);
    else if (!folds.has(around)) {
      // the first member of a run that is shown as one is the run itself
      if (!(chain === undefined && isStoodFor(around))) changed = folds.set(around, OPEN);
    }
  });
  if (!changed) done();
  else show({ moves: false, done });
}

// Whether a node is the first member of a run that shows it in the place of all.
function isStoodFor(number) {
  const run = outer.get(number);
  return run !== undefined && isRun(run) && folds.get(run) === OPEN && sheet.insides[sheet.nodes[run].chain][1][0] === number;
}

// The depth that what is seen comes from, or null where it was folded by hand.
function shownDepth() {
  for (let depth = 1; depth <= deepest; depth++) {
    const even = [...shown.nodes.values()].every(({ number, how }) => !canFold(number) || how === (levelOf(number) < depth && !isMember(number) ? OPEN : CLOSED));
    if (even) return depth;
  }
  return null;
}

function depthWords() {
  const depth = shownDepth();
  if (depth !== null) return `depth ${depth}`;
  return folds.size === foldable.length ? "all" : "depth –";
}

function buildFolds() {
  part("folding").hidden = !foldable.length;
  sheet.nodes.forEach((node, number) => node.open && folds.set(number, OPEN));
  const near = () => shownDepth() ?? Math.max(1, ...[...folds.keys()].map((number) => levelOf(number) + 1));
  part("unfold").addEventListener("click", () => openTo(Infinity));
  part("fold").addEventListener("click", () => openTo(1));
  part("deeper").addEventListener("click", () => openTo(Math.min(deepest, near() + 1)));
  part("shallower").addEventListener("click", () => openTo(Math.max(1, near() - 1)));
}
