// The page on paper: white, whole, without what can only be clicked.

import { statSync } from "node:fs";

const PAGES_MAX = 200;

export async function print(page, path) {
  const problems = [];
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const { ground, controls, folded } = await page.evaluate(() => ({
    ground: getComputedStyle(document.documentElement).backgroundColor,
    controls: [...document.querySelectorAll("button")].filter((it) => it.checkVisibility() && it.textContent.length > 0 && !it.closest("th")).length,
    folded: [...document.querySelectorAll("details table")].filter((it) => !it.checkVisibility({ contentVisibilityAuto: true })).length,
  }));
  if (ground !== "rgb(255, 255, 255)") problems.push(`the paper is ${ground}`);
  if (controls > 0) problems.push(`${controls} buttons are printed`);
  if (folded > 0) problems.push(`${folded} tables are folded on paper`);
  const pdf = await page.pdf({ path, format: "A4", printBackground: false });
  const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  if (pages < 1 || pages > PAGES_MAX) problems.push(`${pages} pages of paper`);
  console.log(`browser: printed on ${pages} pages, ${statSync(path).size} bytes`);
  return problems;
}
