// Elements of the diagram. Text enters it as text alone, never as markup; the drawings of boxes
// were escaped when they were made, and lie in a template, which executes nothing.

const sheet = JSON.parse(document.getElementById("diagram-data").textContent);
const root = document.querySelector(".diagram");
const alone = root.parentElement === document.body; // a page of its own
const drawings = document.getElementById("diagram-drawings").content.firstElementChild.children;

const part = (name) => root.querySelector(`[data-part="${name}"]`);

const svg = (tag, attributes = {}, ...children) => filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

const html = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

// Return a drawing of a box, a headline or a label, with its origin at its upper left corner.
const drawing = (number) => document.importNode(drawings[number], true);
