// Pan and zoom: by dragging, by the wheel with ctrl, by two fingers, by buttons and by keys.

const stage = part("stage");
const camera = { x: 0, y: 0, scale: 1 };
const [SMALLEST, LARGEST] = [0.005, 4];
const EDGE = 22; // pixels around a diagram that is fitted
const NEARBY = 5; // pixels that a click may slip

function aim(x, y, scale) {
  Object.assign(camera, { x, y, scale });
  part("camera").setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
  part("zoom").textContent = `${scale < 0.1 ? (scale * 100).toFixed(1) : Math.round(scale * 100)}%`;
}

// Zoom about a point of the stage.
function zoomBy(times, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  const scale = Math.min(LARGEST, Math.max(SMALLEST, camera.scale * times));
  const by = scale / camera.scale;
  aim(x - (x - camera.x) * by, y - (y - camera.y) * by, scale);
}

const panBy = (x, y) => aim(camera.x + x, camera.y + y, camera.scale);

const READABLE = 0.5; // the smallest scale at which boxes can be read

// Show all of the diagram; or, where that is too small to be read, its width from where tensors
// come in.
function fit(always) {
  const [width, height] = [stage.clientWidth - 2 * EDGE, stage.clientHeight - 2 * EDGE];
  const [across, along] = [width / shown.width, height / shown.height];
  const whole = always || Math.min(across, along) >= READABLE;
  const wide = ALONG ? across : along;
  const scale = Math.max(SMALLEST, Math.min(1, whole ? Math.min(across, along) : Math.max(wide, READABLE)));
  const [seenX, seenY] = [shown.width * scale, shown.height * scale];
  const centred = (room, seen) => (room - seen) / 2 + EDGE;
  const x = ALONG || whole || seenX <= width ? centred(width, seenX) : EDGE;
  const y = !ALONG || whole || seenY <= height ? centred(height, seenY) : EDGE;
  aim(x, y, scale);
}

// Bring a node into the middle, near enough to be read.
function centre(number) {
  const { x, y, width, height } = shown.nodes.get(number);
  const scale = Math.max(camera.scale, 0.7);
  const seen = Math.min(height * scale, stage.clientHeight - 4 * EDGE); // of a tall one, its top
  aim(stage.clientWidth / 2 - (x + width / 2) * scale, (stage.clientHeight - seen) / 2 - y * scale, scale);
}

// Bring a node into sight, and no further.
function reveal(number) {
  const { x, y, width, height } = shown.nodes.get(number);
  const [left, top] = [x * camera.scale + camera.x, y * camera.scale + camera.y];
  const slip = (low, size, room) => (low < EDGE ? EDGE - low : low + size > room - EDGE ? Math.max(room - EDGE - low - size, EDGE - low) : 0);
  const size = shown.nodes.get(number).how === CLOSED ? height : 30;
  panBy(slip(left, width * camera.scale, stage.clientWidth), slip(top, size * camera.scale, stage.clientHeight));
}

function buildCamera() {
  const fingers = new Map();
  let dragged = false;
  const onCard = (event) => event.target.closest?.("[data-part=card]");
  const at = (event) => {
    const bounds = stage.getBoundingClientRect();
    return [event.clientX - bounds.left, event.clientY - bounds.top];
  };
  const lifted = (event) => {
    fingers.delete(event.pointerId);
    stage.classList.remove("dragged");
    setTimeout(() => (dragged = fingers.size > 0)); // after the click that ends a drag
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button || onCard(event)) return;
    fingers.set(event.pointerId, { from: at(event), last: at(event) });
    dragged = fingers.size > 1;
  });
  stage.addEventListener("pointermove", (event) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    if (!event.buttons) return lifted(event); // let go of beyond the stage
    const [x, y] = at(event);
    if (!dragged && Math.hypot(x - finger.from[0], y - finger.from[1]) < NEARBY) return;
    if (!dragged) stage.setPointerCapture(event.pointerId);
    dragged = true;
    stage.classList.add("dragged");
    const other = [...fingers.values()].find((each) => each !== finger);
    if (other) {
      const distance = ([a, b]) => Math.hypot(a - other.last[0], b - other.last[1]);
      zoomBy(distance([x, y]) / Math.max(1, distance(finger.last)), (x + other.last[0]) / 2, (y + other.last[1]) / 2);
    } else panBy(x - finger.last[0], y - finger.last[1]);
    finger.last = [x, y];
  });
  stage.addEventListener("pointerup", lifted);
  stage.addEventListener("pointercancel", lifted);
  // what ends a drag is no click
  stage.addEventListener("click", (event) => dragged && event.stopPropagation(), true);
  stage.addEventListener(
    "wheel",
    (event) => {
      if (onCard(event)) return;
      if (event.ctrlKey || event.metaKey) zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.004)), ...at(event));
      else if (alone) panBy(-event.deltaX, -event.deltaY);
      else return; // the page scrolls
      event.preventDefault();
    },
    { passive: false },
  );
  part("nearer").addEventListener("click", () => zoomBy(1.25));
  part("farther").addEventListener("click", () => zoomBy(0.8));
  part("fit").addEventListener("click", () => fit(true));
  addEventListener("beforeprint", () => {
    aim(0, 0, 1);
    canvas.setAttribute("viewBox", `-8 -8 ${shown.width + 16} ${shown.height + 16}`);
  });
  addEventListener("afterprint", () => {
    canvas.removeAttribute("viewBox");
    fit(true);
  });
}
