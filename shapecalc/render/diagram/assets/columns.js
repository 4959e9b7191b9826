// A long model goes on in a next column, where one tensor alone passes from rank to rank.

const GUTTER = 52; // pixels between columns
const OVERHANG = 16; // pixels above and below them, for the tensor that goes on
const CORNER = 8;
const MOST = 12; // columns
const STUB = 0.25; // of the longest column is the shortest, the last one aside
const WORTH = 1.12; // times as large is a diagram for which another column is worth it

// Return the ranks after which the outermost plan can be cut.
function cutsOf(room) {
  const found = [];
  for (let rank = 0; rank + 1 < room.bands.length; rank++) {
    const passing = room.wires.filter(({ first, last }) => first <= rank && rank < last);
    const starts = room.ranks.includes(rank) && room.ranks.some((other) => other > rank);
    if (passing.length === 1 && passing[0].first === rank && starts) found.push(rank);
  }
  return found;
}

// Return the cuts with which all of a diagram is seen largest on a stage.
function bestCuts(room, width, height) {
  const legal = cutsOf(room);
  const seen = (cuts) => {
    const [across, along] = extentIn(room, cuts);
    return ALONG ? Math.min(1, width / across, height / along) : Math.min(1, width / along, height / across);
  };
  let best = [];
  for (let count = 2; count <= Math.min(MOST, legal.length + 1); count++) {
    const cuts = evenCuts(room, legal, count);
    const long = columnsIn(room, cuts).map(({ low, high }) => high - low);
    if (Math.min(...long.slice(0, -1)) < STUB * Math.max(...long)) continue; // an input alone
    if (seen(cuts) > WORTH * seen(best)) best = cuts;
  }
  return best;
}

// Return the cuts for so many columns whose longest is as short as can be.
function evenCuts(room, legal, count) {
  const cutAt = (longest) => {
    const cuts = [];
    let from = room.bands[0].low;
    legal.forEach((rank, n) => {
      const next = n + 1 < legal.length ? room.bands[legal[n + 1]].high : room.extent[0];
      if (next - from <= longest) return;
      cuts.push(rank);
      from = room.bands[rank + 1].low;
    });
    return cuts;
  };
  let [low, high] = [0, room.extent[0]];
  for (let n = 0; n < 30; n++) {
    const middle = (low + high) / 2;
    if (cutAt(middle).length < count) high = middle;
    else low = middle;
  }
  return cutAt(high);
}

const columnOf = (cuts, rank) => cuts.filter((cut) => cut < rank).length;

// Return where every column begins and ends in a plan, along the flow and across it.
function columnsIn(room, cuts) {
  const columns = [...cuts, room.bands.length - 1].map((last, n) => {
    const first = n ? cuts[n - 1] + 1 : 0;
    return { low: room.bands[first].low, high: room.bands[last].high, left: Infinity, right: -Infinity };
  });
  const widen = (column, left, right) => Object.assign(column, { left: Math.min(column.left, left), right: Math.max(column.right, right) });
  room.corners.forEach(([, left], n) => widen(columns[columnOf(cuts, room.ranks[n])], left, left + room.children[n].size[ACROSS]));
  for (const { first, way, label, from } of room.wires) {
    way.forEach((at, n) => widen(columns[columnOf(cuts, first + n)], at, at));
    if (label) widen(columns[columnOf(cuts, from.label[0])], label[1] - from.label[2 + ACROSS] / 2 - 4, label[1] + from.label[2 + ACROSS] / 2 + 4);
  }
  return columns;
}

function extentIn(room, cuts) {
  const columns = columnsIn(room, cuts);
  const across = columns.reduce((sum, { left, right }) => sum + right - left + GUTTER, -GUTTER);
  return [across, Math.max(...columns.map(({ low, high }) => high - low)) + (cuts.length ? 2 * OVERHANG : 0)];
}

// Return a room with what lies between two cuts as a column.
function inColumns(room, cuts) {
  if (!cuts.length) return room;
  const columns = columnsIn(room, cuts);
  let at = 0;
  for (const column of columns) {
    column.shift = [OVERHANG - column.low, at - column.left];
    at += column.right - column.left + GUTTER;
    column.gutter = at - GUTTER / 2;
  }
  const moved = ([along, across], { shift }) => [along + shift[0], across + shift[1]];
  const of = (rank) => columns[columnOf(cuts, rank)];
  const wires = room.wires.map((wire) => {
    const [here, there] = [columnOf(cuts, wire.first), columnOf(cuts, wire.last)];
    const label = wire.label && moved(wire.label, of(wire.from.label[0]));
    if (here === there) return { ...wire, path: wire.path.map((value, n) => value + columns[here].shift[n % 2]), label };
    return { ...wire, path: aroundPath(wire, columns[here], columns[there]), label };
  });
  const [across, along] = extentIn(room, cuts);
  return { ...room, corners: room.corners.map((corner, n) => moved(corner, of(room.ranks[n]))), wires, extent: [along, across] };
}

// From the foot of a column through the gutter to the head of the next, then on its way.
function aroundPath({ path }, here, there) {
  const start = [path[0] + here.shift[0], path[1] + here.shift[1]];
  const rest = path.slice(10).map((value, n) => value + there.shift[n % 2]); // after the first gap
  const [end, across] = [path[8] + there.shift[0], path[9] + there.shift[1]];
  const foot = here.high + here.shift[0] + OVERHANG / 2 + 4;
  const corners = [start, [foot, start[1]], [foot, here.gutter], [0, here.gutter], [0, across], [end, across]];
  const made = [...start];
  for (let n = 1; n < corners.length - 1; n++) made.push(...towards(corners[n], corners[n - 1]), ...corners[n], ...corners[n], ...towards(corners[n], corners[n + 1]));
  return rest.length > 2 ? [...made, ...rest] : [...made, ...rest.slice(-2)];
}

function towards([along, across], other) {
  const [up, aside] = [other[0] - along, other[1] - across];
  const far = Math.max(Math.abs(up), Math.abs(aside)) || 1;
  const by = Math.min(CORNER, far / 2) / far;
  return [along + up * by, across + aside * by];
}
