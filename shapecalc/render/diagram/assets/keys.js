// The diagram as a tree for the keyboard and for screen readers: one node has the focus at a time.

const focus = { number: null };

const focused = () => (shown.nodes.has(focus.number) ? focus.number : shown.nodes.keys().next().value);

function markFocused() {
  const number = focused();
  for (const [other, { group }] of drawnNodes) group.setAttribute("tabindex", other === number ? "0" : "-1");
}

function focusOn(number) {
  if (number === undefined || number === null || !shown.nodes.has(number)) return;
  focus.number = number;
  markFocused();
  drawnNodes.get(number).group.focus({ preventScroll: true });
  reveal(number);
}

const STEP = 60; // pixels that a key pans

function onTreeKey(event, number) {
  const order = [...shown.nodes.keys()];
  const at = order.indexOf(number);
  const item = shown.nodes.get(number);
  const open = item.how !== CLOSED;
  const within = order.find((other) => shown.nodes.get(other).parent === number);
  const actions = {
    ArrowDown: () => focusOn(order[at + 1]),
    ArrowUp: () => focusOn(order[at - 1]),
    ArrowRight: () => (open ? focusOn(within) : toggle(number)),
    ArrowLeft: () => (open ? toggle(number) : focusOn(item.parent)),
    Home: () => focusOn(order[0]),
    End: () => focusOn(order[order.length - 1]),
    Enter: () => onChosen(number),
    " ": () => onChosen(number),
    a: () => isRun(number) && toggleChain(number),
  };
  return actions[event.key];
}

function onChosen(number) {
  select(number);
  toggle(number);
}

function onKey(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (/^(input|textarea|select)$/i.test(event.target.tagName)) return;
  const node = event.target.closest?.("[data-number]");
  const pans = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[event.key];
  const actions = {
    "+": () => zoomBy(1.25),
    "=": () => zoomBy(1.25),
    "-": () => zoomBy(0.8),
    0: () => fit(true),
    "/": () => part("search").focus(),
    Escape: () => select(null),
  };
  const onButton = event.target.closest?.("button") && (event.key === "Enter" || event.key === " ");
  const act =
    onButton ? null : node && !event.shiftKey ? (onTreeKey(event, Number(node.dataset.number)) ?? actions[event.key]) : pans ? () => panBy(...pans) : actions[event.key];
  if (!act) return;
  event.preventDefault();
  event.stopPropagation(); // the page has a search of its own
  act();
}

function buildKeys() {
  (alone ? document : root).addEventListener("keydown", onKey);
  layers.nodes.addEventListener("click", (event) => {
    const group = event.target.closest("[data-number]");
    if (!group) return;
    const number = Number(group.dataset.number);
    focus.number = number;
    if (event.target.closest(".chip")) toggleChain(number);
    else onChosen(number);
    focusOn(number);
  });
  layers.nodes.addEventListener("focusin", (event) => {
    focus.number = Number(event.target.closest("[data-number]").dataset.number);
    markFocused();
    highlight(focus.number);
  });
  layers.nodes.addEventListener("pointerover", (event) => {
    const group = event.target.closest("[data-number]");
    highlight(group ? Number(group.dataset.number) : null);
  });
  layers.nodes.addEventListener("pointerout", () => highlight(null));
}

// Bring out the wires of a node.
function highlight(number) {
  for (const [key, { group }] of drawnWires) group.classList.toggle("hot", number !== null && shown.wires.get(key).ends.includes(number));
}
