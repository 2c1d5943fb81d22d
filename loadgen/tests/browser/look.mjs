// What is wrong with what a page shows: runs in the page, so it takes nothing from outside itself.
// `labelsMayTouch`, and leave a drawing, where nobody knows what they say.

export function look({ labelsMayTouch }) {
  const problems = [];
  const EDGE = 1.5; // pixels that something may stand out by, for rounding and strokes

  const isSeen = (element) => element.getClientRects().length > 0;
  const name = (text) => JSON.stringify(text.slice(0, 40));

  // --- The page.

  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.body.querySelectorAll("*")].filter((it) => it.getBoundingClientRect().right > root.clientWidth + EDGE);
    problems.push(`the page is ${root.scrollWidth} wide in a window of ${root.clientWidth}, for example ${wide.at(0)?.outerHTML.slice(0, 120)}`);
  }
  if (root.lang !== "en") problems.push("no language");
  if (document.title.trim() === "") problems.push("no title");
  if (document.querySelectorAll("h1").length !== 1) problems.push("not one h1");
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) problems.push(`a heading is left out before ${name(heading.textContent)}`);
    if (heading.textContent.trim() === "") problems.push("an empty heading");
    level = next;
  }
  if (document.querySelector("[style], [onclick], [onload], [onerror]")) problems.push("an attribute is code");

  // --- Figures.

  const figures = [...document.querySelectorAll("figure")];
  if (figures.length === 0) problems.push("no figure");
  for (const figure of figures) {
    const title = figure.querySelector("h3").textContent;
    const say = (what) => problems.push(`figure ${name(title)}: ${what}`);
    const image = figure.querySelector("[role=img]");
    for (const attribute of ["aria-labelledby", "aria-describedby"]) {
      const words = document.getElementById(image?.getAttribute(attribute))?.textContent ?? "";
      if (words.trim() === "") say(`nothing for ${attribute}`);
    }
    const svg = image?.querySelector("svg");
    if (!svg?.viewBox.baseVal?.width) {
      say("no drawing");
      continue;
    }
    lookAtDrawing(svg, say);
  }

  function lookAtDrawing(svg, say) {
    const frame = svg.getBoundingClientRect();
    const leaves = (box) =>
      box.left < frame.left - EDGE || box.right > frame.right + EDGE || box.top < frame.top - EDGE || box.bottom > frame.bottom + EDGE;
    const marks = [...svg.querySelectorAll(".mark")];
    if (marks.length === 0) say("no marks");
    for (const mark of marks.filter((it) => leaves(it.getBoundingClientRect())).slice(0, 3)) {
      say(`a mark leaves the drawing: ${mark.outerHTML.slice(0, 120)}`);
    }
    if (/NaN|Infinity|undefined/.test(svg.outerHTML)) say("a coordinate is no number");
    const texts = [...svg.querySelectorAll("text")].filter((it) => it.textContent.trim() !== "");
    for (const text of texts) {
      if (!labelsMayTouch && leaves(text.getBoundingClientRect())) say(`a text leaves the drawing: ${name(text.textContent)}`);
      const contrast = contrastOf(getComputedStyle(text).fill, svg);
      if (contrast < 4.5) say(`contrast ${contrast.toFixed(2)} of ${name(text.textContent)}`);
    }
    for (const [a, b] of labelsMayTouch ? [] : overlapping(texts)) say(`${name(a.textContent)} lies on ${name(b.textContent)}`);
  }

  // Pairs whose letters touch: a box is taller than these by what no label uses.
  function overlapping(texts) {
    const boxes = texts.map((text) => {
      const { left, right, top, bottom, height } = text.getBoundingClientRect();
      return { text, left: left + 0.5, right: right - 0.5, top: top + height * 0.2, bottom: bottom - height * 0.2 };
    });
    boxes.sort((a, b) => a.top - b.top);
    const pairs = [];
    for (const [index, a] of boxes.entries()) {
      for (const b of boxes.slice(index + 1)) {
        if (b.top >= a.bottom) break;
        if (a.left < b.right && b.left < a.right) pairs.push([a.text, b.text]);
      }
    }
    return pairs.slice(0, 5);
  }

  function contrastOf(colour, element) {
    const [a, b] = [luminance(colour), luminance(groundOf(element))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }

  function groundOf(element) {
    for (let it = element; it; it = it.parentElement) {
      const colour = getComputedStyle(it).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)" && colour !== "transparent") return colour;
    }
    return "rgb(255, 255, 255)";
  }

  // A canvas knows every form in which a browser writes colours.
  function luminance(colour) {
    const canvas = (luminance.canvas ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true }));
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  // --- Tables.

  for (const table of document.querySelectorAll("table")) {
    const caption = table.caption?.textContent ?? "";
    if (caption.trim() === "") problems.push("a table without a caption");
    const columns = table.tHead?.rows[0].cells.length;
    if ([...table.rows].some((row) => row.cells.length !== columns)) problems.push(`table ${name(caption)}: rows of different lengths`);
    if ([...table.querySelectorAll("th")].some((th) => !th.scope)) problems.push(`table ${name(caption)}: a heading without scope`);
  }
  if (![...document.querySelectorAll("table")].some((it) => it.tBodies[0].rows.length > 0)) problems.push("no table of runs");
  if (root.clientWidth < 600 && isSeen(document.querySelector("h1")) === false) problems.push("no heading to be seen");
  return problems;
}
