// Where everything lies: the plans of what is open, put into one another.
//
// A plan says where closed boxes lie on their ranks. Across the flow it is stretched where a box is
// opened, half by half, so that what was straight stays straight and what lay apart stays apart;
// along the flow the ranks move. Tensors run straight through ranks, and bend between them.

const ALONG = sheet.along; // 1 where tensors flow down, 0 where they flow to the right
const ACROSS = 1 - ALONG;
const CLOSED = 0;
const OPEN = 1; // shows its inside; that of a run is the inside of its first member
const CHAIN = 2; // a run shows its members one after the other
const STEEP = 0.28; // of the way across, at least, is there between ranks
const [CLEAR, ROOM, ROOM_OF_RUN] = [24, 40, 130]; // pixels beside a headline
const FARTHEST = 60; // pixels between ranks, for that

const point = (along, across) => (ALONG ? [across, along] : [along, across]);

// Return all that is seen where `folds` says what is open: nodes, outer ones first, and wires.
function compose(folds, cuts = []) {
  const whole = inColumns(roomOf(0, folds), cuts);
  const nodes = new Map();
  const wires = new Map();
  const place = (room, x, y, depth, parent) => {
    const offset = ALONG ? [y, x] : [x, y]; // along, across
    room.members.forEach((number, n) => {
      const child = room.children[n];
      const [left, top] = point(room.corners[n][0] + offset[0], room.corners[n][1] + offset[1]);
      const [width, height] = child.size;
      nodes.set(number, { number, x: left, y: top, width, height, how: child.how, depth, parent, place: n + 1, count: room.members.length });
      if (child.room) place(child.room, left + child.offset[0], top + child.offset[1], depth + 1, number);
    });
    room.wires.forEach((wire, n) => {
      const path = wire.path.map((value, k) => value + offset[k % 2]);
      const label = wire.label && point(wire.label[0] + offset[0], wire.label[1] + offset[1]);
      wires.set(`${room.key}/${parent}/${n}`, { ...wire, path, label, parent });
    });
  };
  place(whole, 0, 0, 0, null);
  const [width, height] = point(...whole.extent);
  return { nodes, wires, width, height };
}

// Return how much room a node takes; `pivot` is the place across the flow that stays straight.
function measured(number, folds) {
  const node = sheet.nodes[number];
  const how = folds.get(number) ?? CLOSED;
  if (how === CLOSED) return { how, size: node.size, pivot: node.size[ACROSS] / 2, room: null };
  const room = roomOf(how === CHAIN ? node.chain : node.inside, folds);
  const [inner, high] = point(...room.extent);
  // a tensor that comes in passes beside the headline
  const beside = ALONG && room.entries.length ? node.headline + CLEAR - Math.min(...room.entries.map(([, across]) => across)) : 0;
  const width = Math.max(inner + 2 * Math.max(sheet.padding, beside), node.headline + (node.chain === undefined ? ROOM : ROOM_OF_RUN));
  const size = [width, high + sheet.header + (ALONG ? 0 : sheet.padding)];
  const offset = [(width - inner) / 2, sheet.header];
  const pivot = room.entries.length ? room.entries[0][1] + offset[ACROSS] : size[ACROSS] / 2;
  return { how, size, pivot, room, offset };
}

// Return an inside at its own origin; points in it are (along, across) the flow.
function roomOf(key, folds) {
  const [number, members] = sheet.insides[key];
  const plan = sheet.plans[number];
  const children = members.map((member) => measured(member, folds));
  const stretched = stretchOf(
    plan.nodes.map(([, at], n) => ({ at, half: sheet.nodes[members[n]].size[ACROSS] / 2, low: children[n].pivot, high: children[n].size[ACROSS] - children[n].pivot })),
  );
  const across = plan.nodes.map(([, at], n) => stretched(at) - children[n].pivot);
  const isNode = (end) => typeof end === "number";
  const portOf = (end) => (end.startsWith("in") ? plan.entries[Number(end.slice(2))] : plan.exits[Number(end.slice(3))]);
  // the point of a node where a tensor passes, from the node's corner
  const passed = (end, port, side) => {
    const child = children[end];
    const inner = child.room?.[side][port];
    if (!inner) return [side === "entries" ? 0 : child.size[ALONG], child.pivot];
    return [inner[0] + child.offset[ALONG], inner[1] + child.offset[ACROSS]];
  };
  const ways = plan.wires.map((wire) => {
    const end = (name, port, side) => (isNode(name) ? across[name] + passed(name, port, side)[1] : stretched(portOf(name)[1]));
    return [end(wire.tail, wire.exit, "exits"), ...wire.via.map(stretched), end(wire.head, wire.entry, "entries")];
  });
  const rankOf = (end) => (isNode(end) ? plan.nodes[end] : portOf(end))[0];
  const bands = bandsOf(plan, children, ways, rankOf);
  const corners = children.map((child, n) => {
    const { low, high } = bands[plan.nodes[n][0]];
    return [(low + high - child.size[ALONG]) / 2, across[n]];
  });
  const middle = (rank) => (bands[rank].low + bands[rank].high) / 2;
  const wires = plan.wires.map((wire, n) => {
    const end = (name, port, side) => (isNode(name) ? corners[name][0] + passed(name, port, side)[0] : middle(portOf(name)[0]));
    const first = rankOf(wire.tail);
    const path = pathOf(end(wire.tail, wire.exit, "exits"), end(wire.head, wire.entry, "entries"), ways[n], bands.slice(first, first + ways[n].length));
    const ends = [wire.tail, wire.head].map((name) => (isNode(name) ? members[name] : null));
    const place = wire.label && wire.label[0] - first; // its rank among those of the wire
    const beside = wire.label && wire.label[1] - (wire.via[place - 1] ?? wire.label[1]);
    const arrow = ends[1] !== null && children[wire.head].how === CLOSED;
    return { from: wire, ends, first, last: first + ways[n].length - 1, way: ways[n], arrow, path, label: wire.label ? [middle(wire.label[0]), ways[n][place] + beside] : null };
  });
  const last = plan.ranks.length - 1;
  const below = plan.extent[0] - (plan.ranks[last][0] + plan.ranks[last][1] / 2);
  const ports = (each) => each.map(([rank, at]) => [middle(rank), stretched(at)]);
  return { key, members, children, ranks: plan.nodes.map(([rank]) => rank), bands, corners, wires, entries: ports(plan.entries), exits: ports(plan.exits), extent: [bands[last].high + below, stretched(plan.extent[1])] };
}

// Return a function from places across the flow in a plan to where they lie once boxes are open.
function stretchOf(boxes) {
  const spans = [];
  for (const { at, half, low, high } of boxes) {
    if (low > half) spans.push({ from: at - half, to: at, times: low / half });
    if (high > half) spans.push({ from: at, to: at + half, times: high / half });
  }
  if (!spans.length) return (at) => at;
  const edges = [...new Set(spans.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  const placed = [edges[0]];
  for (let n = 1; n < edges.length; n++) {
    const middle = (edges[n - 1] + edges[n]) / 2;
    const times = Math.max(1, ...spans.filter(({ from, to }) => from < middle && middle < to).map((span) => span.times));
    placed.push(placed[n - 1] + (edges[n] - edges[n - 1]) * times);
  }
  return (at) => {
    const n = edges.findIndex((edge) => at <= edge);
    if (n === 0) return at;
    if (n < 0) return placed[edges.length - 1] + at - edges[edges.length - 1];
    return placed[n - 1] + ((at - edges[n - 1]) / (edges[n] - edges[n - 1])) * (placed[n] - placed[n - 1]);
  };
}

// Return where each rank begins and ends along the flow; far ways across get room to bend.
function bandsOf(plan, children, ways, rankOf) {
  const highs = plan.ranks.map(([, high]) => high);
  plan.nodes.forEach(([rank], n) => (highs[rank] = Math.max(highs[rank], children[n].size[ALONG])));
  const far = plan.ranks.map(() => 0); // the farthest way from a rank to the next
  plan.wires.forEach((wire, n) => {
    const first = rankOf(wire.tail);
    for (let k = 1; k < ways[n].length; k++) far[first + k - 1] = Math.max(far[first + k - 1], Math.abs(ways[n][k] - ways[n][k - 1]));
  });
  let low = plan.ranks[0][0] - plan.ranks[0][1] / 2;
  return plan.ranks.map(([at, closed], n) => {
    if (n > 0) {
      const [before, high] = plan.ranks[n - 1];
      low += Math.max(at - closed / 2 - before - high / 2, Math.min(FARTHEST, STEEP * far[n - 1]));
    }
    const band = { low, high: low + highs[n] };
    low = band.high;
    return band;
  });
}

// Return the numbers of a path: a point, then for every rank that is left a line to its end and
// a curve to the next, then a line to the end.
function pathOf(from, to, way, bands) {
  const path = [from, way[0]];
  for (let n = 1; n < way.length; n++) {
    const [end, start] = [bands[n - 1].high, bands[n].low];
    const middle = (end + start) / 2;
    path.push(Math.max(end, n === 1 ? from : end), way[n - 1], middle, way[n - 1], middle, way[n], start, way[n]);
  }
  path.push(to, way[way.length - 1]);
  return path;
}

function pathText(path) {
  const at = (n) => point(path[2 * n], path[2 * n + 1]).map((value) => Math.round(value * 10) / 10).join(" ");
  const written = [`M${at(0)}`];
  let n = 1;
  for (; 2 * (n + 4) < path.length; n += 4) written.push(`L${at(n)}C${at(n + 1)} ${at(n + 2)} ${at(n + 3)}`);
  // a line without length would turn the head of the arrow
  if (Math.abs(path[2 * n] - path[2 * n - 2]) > 0.1) written.push(`L${at(n)}`);
  return written.join("");
}
