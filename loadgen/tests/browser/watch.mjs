// What a page does that cannot be seen: requests, complaints of the browser, dialogs.

export class Watch {
  constructor() {
    this.requests = [];
    this.seen = [];
  }

  static async over(page) {
    const watch = new Watch();
    page.on("request", (request) => watch.requests.push(request.url()));
    page.on("pageerror", (error) => watch.seen.push(`the script failed: ${error.message}`));
    page.on("console", (message) => {
      // The browser's own complaints come here too, such as of what the policy forbids.
      if (["error", "warning"].includes(message.type())) watch.seen.push(`on the console: ${message.text()}`);
    });
    page.on("dialog", (dialog) => {
      watch.seen.push(`a dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on("popup", () => watch.seen.push("a window opened"));
    await page.addInitScript(() => {
      window.violations = [];
      addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
    });
    watch.page = page;
    return watch;
  }

  // `url` is that of the page, which alone may be asked for.
  async problems(url) {
    const others = this.requests.filter((request) => request.split("#")[0] !== url && !request.startsWith("data:"));
    const { pwned, violations } = await this.page.evaluate(() => ({ pwned: window.pwned, violations: window.violations ?? [] }));
    return [
      ...this.seen,
      ...others.map((other) => `asked for ${other}`),
      ...violations.map((directive) => `the policy had to forbid something by ${directive}`),
      ...(pwned === undefined ? [] : [`a name was run: ${pwned}`]),
    ];
  }
}
