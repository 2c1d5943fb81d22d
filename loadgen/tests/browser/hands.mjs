// What a person does with a page: keys, sorting, copying, zoom, the theme.

export async function try_everything(page) {
  const problems = [];
  const expect = (is_so, what) => is_so || problems.push(what);
  await walk(page, expect);
  await sort(page, expect);
  await copy(page, expect);
  await zoom(page, expect);
  await theme(page, expect);
  return problems;
}

// With the tabulator from the top: what is reached, each with something to be seen around it.
async function walk(page, expect) {
  const STEPS_MAX = 400;
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
  const reached = [];
  for (let step = 0; step < STEPS_MAX; step++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const it = document.activeElement;
      if (it === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(it);
      return { name: it.id || it.className || it.tagName, isSeen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 1 };
    });
    if (at === null) break;
    reached.push(at);
  }
  const names = reached.map((at) => at.name);
  expect(names[0] === "skip", `the first stop is ${names[0]}, not the link past the top`);
  for (const name of ["theme", "scroll", "copy", "open-zoom", "SUMMARY"]) expect(names.includes(name), `the tabulator does not reach ${name}: ${[...new Set(names)]}`);
  for (const at of reached.filter((it) => !it.isSeen).slice(0, 3)) expect(false, `the focus is not seen on ${at.name}`);
}

async function sort(page, expect) {
  const column = () => page.evaluate(() => {
    const table = [...document.querySelectorAll("table")].at(-1);
    const index = [...table.tHead.rows[0].cells].findIndex((cell) => cell.classList.contains("number"));
    return { index, values: [...table.tBodies[0].rows].map((row) => parseFloat(row.cells[index].textContent)), sorted: table.tHead.rows[0].cells[index].ariaSort };
  });
  const { index } = await column();
  const heading = page.locator("table").last().locator("thead th").nth(index).locator("button");
  for (const [direction, sign] of [["ascending", 1], ["descending", -1]]) {
    await heading.click();
    const { values, sorted } = await column();
    const numbers = values.filter((value) => !Number.isNaN(value));
    expect(sorted === direction, `sorted ${sorted}, not ${direction}`);
    expect(numbers.every((value, at) => at === 0 || sign * (value - numbers[at - 1]) >= 0), `not ${direction}: ${numbers.slice(0, 8)}`);
  }
}

// What arrives, whichever way the browser allows.
async function copy(page, expect) {
  await page.evaluate(() => {
    window.copied = null;
    const take = (text) => ((window.copied = text), Promise.resolve());
    Object.defineProperty(navigator, "clipboard", { value: { writeText: take }, configurable: true });
  });
  await page.locator(".copy").last().click();
  const { copied, rows, columns, said } = await page.evaluate(() => {
    const table = [...document.querySelectorAll("table")].at(-1);
    return { copied: window.copied, rows: table.rows.length, columns: table.rows[0].cells.length, said: [...document.querySelectorAll(".said")].at(-1).textContent };
  });
  const lines = copied?.trimEnd().split("\n") ?? [];
  expect(lines.length === rows, `${lines.length} of ${rows} rows were copied`);
  expect(lines.every((line) => line.split("\t").length === columns), "a row was not copied whole");
  expect(!/[▲▼◇✕↕↑↓]/.test(lines[0] ?? ""), "signs were copied");
  expect(said.startsWith("Copied"), `it is said: ${said}`);
}

async function zoom(page, expect) {
  const buttons = await page.locator(".open-zoom").count();
  expect(buttons > 0, "nothing can be zoomed");
  for (let number = 0; number < buttons; number++) {
    const button = page.locator(".open-zoom").nth(number);
    const box = page.locator(".zoom").nth(number);
    await button.click();
    const title = await button.evaluate((it) => it.closest("figure").querySelector("h3").textContent);
    const painted = await box.locator("canvas").evaluate((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((part, at) => at % 4 === 3 && part > 0).length;
    });
    expect(painted > 1_000, `${title}: ${painted} pixels are painted`);
    const before = await box.locator("canvas").screenshot();
    await box.locator(".plot").press("+");
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    expect(!before.equals(await box.locator("canvas").screenshot()), `${title}: the key + does nothing`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    expect(!wide, `${title}: the page is wider than its window`);
    await button.click();
    expect(!(await box.isVisible()), `${title}: it does not close`);
  }
}

async function theme(page, expect) {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await ground();
  await page.locator("#theme").click();
  const after = await ground();
  expect(before !== after, "the switch does not change the theme");
  await page.reload();
  expect((await ground()) === after, "the theme is not remembered");
}
