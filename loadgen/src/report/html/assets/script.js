// What is more comfortable with JavaScript. Without it everything is there to be read.
(function () {
  "use strict";

  function make(name, properties, ...children) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  }

  // --- The theme: as the system has it, until it is chosen here.

  const root = document.documentElement;
  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  const onTheme = [];

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark.matches;
  }

  function addThemeSwitch() {
    const button = make("button", { type: "button", id: "theme" });
    const show = () => {
      button.textContent = isDark() ? "Light" : "Dark";
      button.setAttribute("aria-label", button.textContent + " theme");
      onTheme.forEach((redraw) => redraw());
    };
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try {
        localStorage.setItem("loadgen-theme", root.dataset.theme);
      } catch (error) {
        // It is not remembered then.
      }
      show();
    });
    systemIsDark.addEventListener("change", show);
    show();
    document.querySelector(".top").append(button);
  }

  // --- Tables: sorted by a column, copied as tab-separated values.

  // What is shown, or what it was cut from; without the signs of tones.
  function textOf(cell) {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll(".sign").forEach((sign) => sign.remove());
    copy.querySelectorAll(".cut").forEach((cut) => (cut.textContent = cut.title));
    return copy.textContent.trim();
  }

  // By the first number in it, such as 12.5 in "≥ 12.5 ms"; what has none goes last.
  function numberIn(text) {
    const found = text.replace("−", "-").match(/-?\d+(\.\d+)?(e[+-]?\d+)?/i);
    return found ? Number(found[0]) : NaN;
  }

  function compare(a, b, isNumber, direction) {
    if (!isNumber) return direction * a.localeCompare(b, "en", { numeric: true });
    const [x, y] = [numberIn(a), numberIn(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
    return direction * (x - y);
  }

  function sort(table, heading, index) {
    const ascending = heading.getAttribute("aria-sort") !== "ascending";
    table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const isNumber = heading.classList.contains("number");
    const rows = [...table.tBodies[0].rows].map((row) => [textOf(row.cells[index]), row]);
    rows.sort((a, b) => compare(a[0], b[0], isNumber, ascending ? 1 : -1));
    table.tBodies[0].append(...rows.map((row) => row[1]));
  }

  function makeSortable(table) {
    if (table.tBodies[0].rows.length < 2) return;
    [...table.tHead.rows[0].cells].forEach((heading, index) => {
      const button = make("button", { type: "button" }, ...heading.childNodes);
      button.addEventListener("click", () => sort(table, heading, index));
      heading.append(button);
    });
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch (error) {
      // Not allowed here, or not there: as it was done before.
      const area = make("textarea", { value: text, className: "unseen" });
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }

  function addCopyButton(box) {
    const table = box.querySelector("table");
    const button = make("button", { type: "button", className: "copy" }, "Copy table");
    const said = make("span", { className: "said", role: "status" });
    button.addEventListener("click", async () => {
      const rows = [...table.rows].map((row) => [...row.cells].map(textOf).join("\t"));
      const done = await copy(rows.join("\n") + "\n");
      said.textContent = done ? "Copied, separated by tabs." : "The browser does not allow it.";
    });
    box.append(make("div", { className: "tools" }, button, said));
  }

  // --- Zoom: the same lines, drawn by uPlot.

  // A percentile's place on its axis, in nines: 90 is 1, 99 is 2.
  const nines = (percent) => -Math.log10(1 - Math.min(percent, 99.99999) / 100);
  const percentAt = (place) => Number((100 * (1 - 10 ** -place)).toPrecision(8));

  function short(value) {
    if (value === null || value === undefined) return "";
    return Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 6 });
  }

  function axis(label, colour, line, percentiles) {
    const values = (plot, places) =>
      places.map((place) => (place === null ? "" : percentiles ? percentAt(place) : short(place)));
    return { label, values, stroke: colour, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui", labelFont: "12px system-ui", size: 64 };
  }

  function options(data, width) {
    const colours = getComputedStyle(root);
    const probe = make("span", { className: "unseen" });
    document.body.append(probe);
    // A canvas does not know variables: an element of the class is asked for its colour.
    const colour = (name) => ((probe.className = "unseen " + name), getComputedStyle(probe).color);
    const percentiles = data.x_scale === "percentile";
    const [text, line] = [colour("axis"), colour("grid")];
    const x = axis(data.x_label, text, line, percentiles);
    x.size = 48;
    if (percentiles) x.splits = (plot, i, from, to) => [0, 0.30103, 1, 2, 3, 4, 5, 6, 7].filter((n) => n >= from && n <= to);
    const series = data.lines.map((one) => ({
      label: one.label,
      stroke: colour("series-" + one.series),
      width: 2,
      points: { show: data.x.length < 30 },
      value: (plot, value) => short(value),
    }));
    probe.remove();
    return {
      width,
      height: Math.max(240, Math.min(420, Math.round(width * 0.55))),
      cursor: { drag: { x: true, y: false } },
      scales: { x: { time: false, distr: data.x_scale === "log" ? 3 : 1 }, y: { distr: data.y_scale === "log" ? 3 : 1 } },
      axes: [x, axis(data.y_label, text, line, false)],
      series: [{ label: data.x_label, value: (plot, value) => (value === null ? "" : percentiles ? percentAt(value) : short(value)) }, ...series],
    };
  }

  // Log axes have no place for what is not above zero.
  function columns(data) {
    const ys = data.lines.map((line) => line.y.map((y) => (data.y_scale === "log" && !(y > 0) ? null : y)));
    return [data.x_scale === "percentile" ? data.x.map(nines) : data.x, ...ys];
  }

  // Arrows move, + and - zoom, 0 shows all: the mouse is not needed.
  function onKey(plot, all, event) {
    const { min, max } = plot.scales.x;
    const isLog = plot.scales.x.distr === 3;
    const [to, back] = isLog ? [Math.log10, (x) => 10 ** x] : [(x) => x, (x) => x];
    const [low, high, span] = [to(min), to(max), to(max) - to(min)];
    const [first, last] = all.map(to);
    const moves = {
      ArrowLeft: [low - span / 5, high - span / 5],
      ArrowRight: [low + span / 5, high + span / 5],
      "+": [low + span / 5, high - span / 5],
      "=": [low + span / 5, high - span / 5],
      "-": [low - span / 3, high + span / 3],
      0: [first, last],
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    let [from, until] = move;
    if (until - from >= last - first) [from, until] = [first, last];
    else if (from < first) [from, until] = [first, first + until - from];
    else if (until > last) [from, until] = [last - (until - from), last];
    if (until > from) plot.setScale("x", { min: back(from), max: back(until) });
  }

  function addZoom(source) {
    const data = JSON.parse(source.textContent);
    const figure = document.getElementById(source.dataset.figure);
    const title = figure.querySelector("h3").textContent;
    const isOnly = figure.querySelectorAll(".zoom-data").length === 1;
    const name = isOnly ? "Zoom" : "Zoom: " + data.y_label;
    const button = make("button", { type: "button", className: "open-zoom" }, name);
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-describedby", figure.querySelector("h3").id);
    const hint = make("p", { className: "subtitle" }, "Drag to zoom in, double-click for all. Keys: + − ← → 0.");
    const area = make("div", { className: "plot", tabIndex: 0 });
    area.setAttribute("role", "application");
    area.setAttribute("aria-label", title + ", " + data.y_label + ": plus and minus zoom, arrows move, 0 shows all");
    const box = make("div", { className: "zoom", hidden: true }, area, hint);
    let plot = null;

    function draw() {
      if (box.hidden) return;
      if (plot) plot.destroy();
      plot = new uPlot(options(data, area.clientWidth), columns(data), area);
    }

    button.addEventListener("click", () => {
      box.hidden = !box.hidden;
      button.setAttribute("aria-expanded", String(!box.hidden));
      button.textContent = box.hidden ? name : name.replace("Zoom", "Close");
      draw();
    });
    area.addEventListener("keydown", (event) => {
      const xs = plot.data[0];
      onKey(plot, [xs[0], xs[xs.length - 1]], event);
    });
    let width = 0;
    new ResizeObserver(() => {
      if (plot && area.clientWidth && area.clientWidth !== width) {
        width = area.clientWidth;
        plot.setSize({ width, height: plot.height });
      }
    }).observe(area);
    onTheme.push(draw);
    source.after(make("div", { className: "tools" }, button), box);
  }

  // --- Paper: what is folded is printed too.

  function unfoldForPrint() {
    let folded = [];
    addEventListener("beforeprint", () => {
      folded = [...document.querySelectorAll("details:not([open])")];
      folded.forEach((details) => (details.open = true));
    });
    addEventListener("afterprint", () => folded.forEach((details) => (details.open = false)));
  }

  // A link to what is folded unfolds it; a drawing that scrolls can be reached by the keyboard.
  function openTarget() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const details = target && target.closest("details");
    if (details) details.open = true;
  }

  function reachDrawings() {
    document.querySelectorAll(".drawing").forEach((drawing) => {
      if (drawing.scrollWidth > drawing.clientWidth) drawing.tabIndex = 0;
      else drawing.removeAttribute("tabindex");
    });
  }

  document.querySelectorAll(".table").forEach((box) => {
    makeSortable(box.querySelector("table"));
    addCopyButton(box);
  });
  document.querySelectorAll(".zoom-data").forEach(addZoom);
  addThemeSwitch();
  unfoldForPrint();
  openTarget();
  reachDrawings();
  addEventListener("hashchange", openTarget);
  addEventListener("resize", reachDrawings);
  root.dataset.ready = "yes";
})();
