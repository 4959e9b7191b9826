// Search: what matches is highlighted, and the match in turn is unfolded and centred.

const search = { text: "", found: [], turn: 0 };

const words = sheet.nodes.map((node) => `${node.path} ${node.name} ${node.kind}`.toLowerCase());

function searchFor(text) {
  search.text = text.trim().toLowerCase();
  search.found = search.text ? words.flatMap((word, number) => (word.includes(search.text) && sheet.nodes[number].role !== "run" ? [number] : [])) : [];
  search.turn = 0;
  showMatch(false);
}

function turnTo(step) {
  if (!search.found.length) return;
  search.turn = (search.turn + step + search.found.length) % search.found.length;
  showMatch(true);
}

function showMatch(turned) {
  const { found, turn, text } = search;
  part("found").textContent = text ? (found.length ? `${turn + 1} of ${found.length}` : "nothing") : "";
  if (found.length) unfoldTo(found[turn], () => centre(found[turn]));
  if (turned) select(found[turn]);
  markMatches();
}

// Matches, and what is closed around other matches.
function markMatches() {
  const matches = new Set(search.found);
  const around = new Set(search.found.flatMap((number) => [...aroundOf(number)]));
  for (const [number, { group, how }] of drawnNodes) {
    group.classList.toggle("match", matches.has(number));
    group.classList.toggle("turn", search.found[search.turn] === number);
    group.classList.toggle("holds-match", how === CLOSED && around.has(number));
  }
}

function buildSearch() {
  const box = part("search");
  box.addEventListener("input", () => searchFor(box.value));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") turnTo(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      box.value = "";
      searchFor("");
      focusOn(focused());
    } else return;
    event.preventDefault();
  });
}
