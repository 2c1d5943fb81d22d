// Opens every page in every way in which people may see it, and says what is wrong with each.
//
// Usage: check.mjs PAGES SCREENSHOTS
//   PAGES        the directory of fresh.html, real.html, rounds.html, hostile.html and two.html
//   SCREENSHOTS  a directory for pictures and the printed page

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

import { judge } from "./accessibility.mjs";
import { try_everything } from "./hands.mjs";
import { look } from "./look.mjs";
import { print } from "./paper.mjs";
import { Watch } from "./watch.mjs";

const FRESH = "fresh"; // of what was measured just now
const PAGES = ["real", "rounds", "hostile", "two"];
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } };
const THEMES = ["light", "dark"];
const SCRIPTING = [true, false];

const [pages, screenshots] = process.argv.slice(2);
const problems = [];
mkdirSync(screenshots, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  // What is shown is a file of our own, and a container has no sandbox.
  chromiumSandbox: false,
});

// Opens a page in a browser of its own, and has `visit` look at it.
async function open(name, { size = "desktop", theme = "light", scripting = true }, visit) {
  const context = await browser.newContext({
    viewport: SIZES[size],
    colorScheme: theme,
    javaScriptEnabled: scripting,
    permissions: [],
  });
  const page = await context.newPage();
  const watch = await Watch.over(page);
  const url = pathToFileURL(join(pages, `${name}.html`)).href;
  await page.goto(url);
  const label = [name, size, theme, scripting ? "script" : "plain"].join("-");
  const found = (await visit(page, label)) ?? [];
  found.push(...(await watch.problems(url)));
  problems.push(...found.map((problem) => `${label}: ${problem}`));
  await context.close();
}

for (const name of [FRESH, ...PAGES]) {
  for (const size of Object.keys(SIZES)) {
    for (const theme of THEMES) {
      for (const scripting of SCRIPTING) {
        await open(name, { size, theme, scripting }, async (page, label) => {
          await page.screenshot({ path: join(screenshots, `${label}.png`), fullPage: true });
          return page.evaluate(look, { labelsMayTouch: name === FRESH });
        });
      }
      if (name !== FRESH) await open(name, { size, theme }, judge);
    }
  }
}
for (const size of Object.keys(SIZES)) {
  await open("real", { size }, try_everything);
}
await open("real", {}, (page) => print(page, join(screenshots, "real.pdf")));
await open("rounds", {}, async (page) => {
  const ms = await page.evaluate(() => Math.round(performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd));
  console.log(`browser: a page of 100 rounds can be used after ${ms} ms`);
});
await browser.close();

for (const problem of problems) console.error(`browser: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(`browser: ${PAGES.length + 1} pages are as they should be; pictures of them are in ${screenshots}`);
