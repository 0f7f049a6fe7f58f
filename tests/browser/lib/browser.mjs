// One Chromium for the whole run, and visitors: a context of their own each, with an eye on what
// no page of ours may do. Knows nothing of payments.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const PATIENCE_MS = 40_000;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser;

export async function openBrowser() {
  browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: FLAGS });
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}

/** What runs in the page before its own scripts: collects broken policies and shifted layouts. */
function watch() {
  window.galataShifts = [];
  document.addEventListener('securitypolicyviolation', (event) => {
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
  });
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.galataShifts.push(shift.value);
  }).observe({ type: 'layout-shift', buffered: true });
}

/** Somebody at a browser. `origins` are the only places that their pages may ask; a complaint that
 * fits `expected` is none. */
export class Visitor {
  /** Things that went wrong unseen; every one fails the test at `leave`. */
  complaints = [];

  static async arrive(home, { language = 'tr', width = 1280, height = 900, dark = false, scripts = true, origins = [], expected = /^$/ } = {}) {
    const visitor = new Visitor();
    visitor.home = home;
    visitor.expected = expected;
    visitor.origins = new Set([home, ...origins].map((url) => new URL(url).origin));
    visitor.context = await (await openBrowser()).newContext({
      baseURL: home,
      locale: language === 'tr' ? 'tr-TR' : 'en-GB',
      timezoneId: 'Europe/Istanbul',
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      javaScriptEnabled: scripts,
      reducedMotion: 'reduce',
    });
    visitor.context.setDefaultTimeout(PATIENCE_MS);
    await visitor.context.addInitScript(watch);
    visitor.page = await visitor.tab();
    return visitor;
  }

  /** One more tab of the same person. */
  async tab() {
    const page = await this.context.newPage();
    page.on('console', (message) => {
      // What a server answers is seen below, with its kind.
      if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return;
      this.complaints.push(`console of ${page.url()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.complaints.push(`script of ${page.url()}: ${error}`));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith('http') && !this.origins.has(url.origin)) {
        this.complaints.push(`${page.url()} asked ${url.href}`);
      }
    });
    page.on('response', (response) => {
      const document = response.request().resourceType() === 'document';
      if (!document && response.status() >= 400) this.complaints.push(`${response.status()} for ${response.url()}`);
    });
    return page;
  }

  /** Opens a page of the house; answers the response. */
  async go(path, status = 200) {
    const response = await this.page.goto(path);
    assert.equal(response.status(), status, `${path}: ${await this.page.locator('body').innerText()}`);
    return response;
  }

  /** Presses something that leads to another page, and waits for that. */
  async press(target) {
    const locator = typeof target === 'string' ? this.page.locator(target) : target;
    const [response] = await Promise.all([this.page.waitForNavigation(), locator.click()]);
    return response;
  }

  /** Sends a form that the page does not show, as a person with developer tools could. */
  async post(path, fields = {}) {
    const [response] = await Promise.all([
      this.page.waitForNavigation(),
      this.page.evaluate(([action, pairs]) => {
        const form = document.createElement('form');
        form.method = 'post';
        form.action = action;
        const token = document.querySelector('input[name=form_token]')?.value ?? '';
        for (const [name, value] of Object.entries({ form_token: token, ...pairs })) {
          const field = document.createElement('input');
          Object.assign(field, { type: 'hidden', name, value });
          form.append(field);
        }
        document.body.append(form);
        form.submit();
      }, [path, fields]),
    ]);
    return response;
  }

  /** Opens the `<details>` whose summary says this. */
  async unfold(summary, within = this.page) {
    const found = within.locator('details', { has: this.page.locator('summary', { hasText: summary }) }).last();
    if (await found.getAttribute('open') === null) await found.locator('summary').first().click();
    return found;
  }

  /** What is to be read on the page, with plain blanks. */
  async text() {
    return plain(await this.page.locator('body').innerText());
  }

  /** What axe finds wrong with this page, however small: nothing. */
  async assertAccessible() {
    await this.page.evaluate(axe);
    const { violations } = await this.page.evaluate(() => window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      resultTypes: ['violations'],
    }));
    const wrong = violations.map((one) => (
      `${one.id}: ${one.help}\n    ${one.nodes.map((node) => `${node.html.slice(0, 160)} | ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`).slice(0, 3).join('\n    ')}`));
    assert.deepEqual(wrong, [], `${this.page.url()}\n${wrong.join('\n')}`);
  }

  /** Nothing makes the page itself scroll sideways. */
  async assertFits() {
    const wide = await this.page.evaluate(() => {
      const { clientWidth, scrollWidth } = document.documentElement;
      if (scrollWidth <= clientWidth) return null;
      const over = [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > clientWidth + 1);
      return `${scrollWidth} > ${clientWidth}: ${over.slice(0, 3).map((one) => one.outerHTML.slice(0, 120)).join(' … ')}`;
    });
    assert.equal(wide, null, `${this.page.url()} is too wide: ${wide}`);
  }

  /** Nothing moved while the page came. */
  async assertStill() {
    const shifts = await this.page.evaluate(() => window.galataShifts);
    assert.deepEqual(shifts, [], `${this.page.url()} moved`);
  }

  async leave() {
    await this.context.close();
    const complaints = this.complaints.filter((one) => !this.expected.test(one));
    assert.deepEqual(complaints, [], complaints.join('\n'));
  }
}

/** Amounts are written with blanks that do not break. */
export function plain(text) {
  return text.replaceAll('\u00a0', ' ').replaceAll('\u202f', ' ');
}
