// What is seen is drawn: grounds of open modules, wires, boxes and headlines. A part is made when
// it is first seen, and taken away when it is folded into another.

const canvas = part("canvas");
const layers = { grounds: part("grounds"), wires: part("wires"), nodes: part("nodes") };
const SOON = 170; // milliseconds in which things move
const MANY = 400; // parts, above which they jump

let shown = { nodes: new Map(), wires: new Map(), width: 1, height: 1 };
const drawnNodes = new Map(); // by number: { how, depth, group, ground, halo, badges }
const drawnWires = new Map(); // by key: { group, lines, label }

const translated = (x, y) => `translate(${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10})`;

// Show a composition; `done` is called once everything is in its place. What was seen before is
// moved from where it was on the screen: `by` is how far that is from where it was in the diagram.
function drawComposed(next, { moves = true, by = [0, 0], done = () => {} } = {}) {
  const before = shifted(shown, by);
  shown = next;
  const focused = document.activeElement?.dataset?.number;
  forget(drawnNodes, (number, drawn) => {
    const item = next.nodes.get(number);
    return item?.how === drawn.how && item.depth === drawn.depth;
  });
  forget(drawnWires, (key) => next.wires.has(key));
  for (const item of next.nodes.values()) if (!drawnNodes.has(item.number)) drawnNodes.set(item.number, drawNode(item));
  for (const [key, wire] of next.wires) if (!drawnWires.has(key)) drawnWires.set(key, drawWire(wire));
  inOrder(layers.grounds, [...next.nodes.keys()].map((number) => drawnNodes.get(number).ground).filter(Boolean));
  inOrder(layers.nodes, [...next.nodes.keys()].map((number) => drawnNodes.get(number).group));
  inOrder(layers.wires, [...next.wires.keys()].map((key) => drawnWires.get(key).group));
  for (const [key, wire] of next.wires) drawnWires.get(key).path.setAttribute("marker-end", wire.arrow ? `url(#diagram-arrow${wire.from.skip ? "-skip" : ""})` : "none");
  if (focused !== undefined && document.activeElement?.dataset?.number !== focused) drawnNodes.get(Number(focused))?.group.focus({ preventScroll: true });
  const still = !moves || next.nodes.size > MANY || matchMedia("(prefers-reduced-motion: reduce)").matches;
  move(before, next, still ? 0 : SOON, done);
}

function shifted({ nodes, wires }, by) {
  const along = [by[ALONG], by[ACROSS]];
  const movedNodes = [...nodes].map(([number, item]) => [number, { ...item, x: item.x + by[0], y: item.y + by[1] }]);
  const movedWires = [...wires].map(([key, wire]) => [key, { path: wire.path.map((value, n) => value + along[n % 2]), label: wire.label?.map((value, n) => value + by[n]) }]);
  return { nodes: new Map(movedNodes), wires: new Map(movedWires) };
}

function forget(drawn, keeps) {
  for (const [key, each] of drawn) {
    if (keeps(key, each)) continue;
    each.group.remove();
    each.ground?.remove();
    drawn.delete(key);
  }
}

function inOrder(layer, wanted) {
  let here = layer.firstChild;
  for (const each of wanted) {
    if (each === here) here = here.nextSibling;
    else layer.insertBefore(each, here);
  }
}

// ------------------------------------------------------------------ moving

let moving = 0;

// Move what was seen before and still is; what is new stands in its place, and appears.
function move(before, next, duration, done) {
  cancelAnimationFrame(moving);
  const began = performance.now();
  root.dataset.moving = "";
  const step = (now) => {
    const t = duration ? Math.min(1, Math.max(0, now - began) / duration) : 1;
    const eased = 1 - (1 - t) ** 3;
    for (const [number, item] of next.nodes) putNode(drawnNodes.get(number), between(before.nodes.get(number), item, eased), t);
    for (const [key, wire] of next.wires) putWire(drawnWires.get(key), wire, before.wires.get(key), eased, t);
    if (t < 1) moving = requestAnimationFrame(step);
    else {
      delete root.dataset.moving;
      done();
    }
  };
  step(duration ? began : Infinity);
}

const mixed = (a, b, t) => a + (b - a) * t;

function between(from, to, t) {
  if (!from || t === 1) return { ...to, fresh: !from };
  return { x: mixed(from.x, to.x, t), y: mixed(from.y, to.y, t), width: mixed(from.width, to.width, t), height: mixed(from.height, to.height, t), fresh: false };
}

function putNode(drawn, { x, y, width, height, fresh }, t) {
  drawn.group.setAttribute("transform", translated(x, y));
  if (fresh) drawn.group.setAttribute("opacity", t);
  else drawn.group.removeAttribute("opacity");
  if (drawn.how === CLOSED) return;
  drawn.ground.setAttribute("transform", translated(x, y));
  if (fresh) drawn.ground.setAttribute("opacity", t);
  else drawn.ground.removeAttribute("opacity");
  for (const rect of [...drawn.ground.querySelectorAll("rect"), drawn.halo]) {
    rect.setAttribute("width", width);
    rect.setAttribute("height", height);
  }
  drawn.badges.setAttribute("transform", translated(width, 0));
}

function putWire(drawn, wire, from, eased, t) {
  const same = from && from.path.length === wire.path.length && t < 1;
  const text = pathText(same ? wire.path.map((value, n) => mixed(from.path[n], value, eased)) : wire.path);
  for (const line of drawn.lines) line.setAttribute("d", text);
  if (from) drawn.group.removeAttribute("opacity");
  else drawn.group.setAttribute("opacity", t);
  if (!drawn.label) return;
  const at = same && from.label ? wire.label.map((value, n) => mixed(from.label[n], value, eased)) : wire.label;
  drawn.label.setAttribute("transform", translated(...at));
}

// ------------------------------------------------------------------ parts

function drawNode({ number, how, width, height, depth, place, count }) {
  const node = sheet.nodes[number];
  const open = how !== CLOSED;
  const folds = "inside" in node;
  const halo = svg("rect", { class: "halo", width, height, rx: open ? 8 : 5 });
  const content = drawing(open ? node.head : node.box);
  const badges = svg("g", { class: "badges" });
  if (folds) badges.append(badge(open));
  if (open && "chain" in node) badges.append(chip(node, how));
  badges.setAttribute("transform", translated(width - (!open && node.times > 1 ? 6 : 0), 0));
  const group = svg(
    "g",
    {
      class: `node ${node.role}${open ? " open" : ""}${folds ? " folds" : ""} depth-${depth % 3}`,
      role: "treeitem",
      tabindex: -1,
      "data-number": number,
      "data-path": node.path,
      "aria-label": node.says,
      "aria-level": depth + 1,
      "aria-posinset": place,
      "aria-setsize": count,
      "aria-expanded": folds ? String(open) : null,
      "aria-selected": "false",
    },
    svg("title", {}, node.text),
    content,
    halo,
    badges,
  );
  const ground = open ? svg("g", { class: `ground depth-${depth % 3}` }, ...drawing(node.ground).children) : null;
  if (!open) showValues(group, node);
  return { how, depth, group, ground, halo, badges };
}

const badge = (open) => svg("g", { class: "badge", "aria-hidden": "true" }, svg("circle", { r: 7 }), svg("path", { d: open ? "M-3.2 0H3.2" : "M-3.2 0H3.2M0 -3.2V3.2" }));

// What turns a run from one for all to all of its members, and back.
function chip(node, how) {
  const text = how === CHAIN ? "as one" : `show all ${node.times}`;
  const width = 12 + 5.6 * text.length;
  return svg(
    "g",
    { class: "chip", "aria-hidden": "true", transform: translated(-width - 16, 4) },
    svg("rect", { width, height: 18, rx: 9 }),
    svg("text", { x: width / 2, y: 12.5, "text-anchor": "middle", "font-size": 10 }, text),
  );
}

function drawWire({ from, ends, parent }) {
  const kind = from.skip ? "skip" : "wire";
  const path = svg("path", { class: "line", fill: "none", stroke: sheet.colours[kind], "stroke-width": from.skip ? 1.6 : 1.2 });
  const near = svg("path", { class: "near", fill: "none" });
  const label = from.label ? labelOf(from.label) : null;
  const group = svg("g", { class: `${kind}${parent === null ? "" : ` depth-${shown.nodes.get(parent).depth % 3}`}`, "data-tail": ends[0], "data-head": ends[1] }, svg("title", {}, from.says), near, path, label);
  return { group, lines: [near, path], path, label };
}

function labelOf([, , width, height, number]) {
  const paper = svg("rect", { class: "paper", x: -width / 2 - 2, y: -height / 2 - 1, width: width + 4, height: height + 2, rx: 3 });
  return svg("g", { class: "label" }, paper, drawing(number));
}
