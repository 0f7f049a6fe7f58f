// A shopper's browser without scripts: fetches pages, fills in forms, presses buttons, follows
// redirects. It knows field names of pages, nothing of the API.

const REDIRECTS_MAX = 10;
const PAGES_MAX = 12;
const NAMED = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

function unescape(text) {
  return text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name) => {
    if (name[0] !== '#') return NAMED[name.toLowerCase()] ?? whole;
    const code = name[1].toLowerCase() === 'x' ? parseInt(name.slice(2), 16) : Number(name.slice(1));
    return String.fromCodePoint(code);
  });
}

/** Attributes of a start tag. One without a value is the empty string. */
function attributes(tag) {
  const found = {};
  const pattern = /([^\s=<>"'/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?/g;
  for (const [, name, double, single, bare] of tag.replace(/^<\s*\w+/, '').matchAll(pattern)) {
    found[name.toLowerCase()] = unescape(double ?? single ?? bare ?? '');
  }
  return found;
}

/** The forms of a page: where they go, their fields as first filled in, and their buttons. */
export function formsOf(html) {
  return [...html.matchAll(/<form\b[^>]*>([\s\S]*?)<\/form>/gi)].map(([whole, inner]) => {
    const form = { ...attributes(whole.slice(0, whole.indexOf('>'))), fields: new Map(), buttons: [] };
    const tags = /<(input|button)\b[^>]*>|<select\b[^>]*>[\s\S]*?<\/select>/gi;
    for (const [tag] of inner.matchAll(tags)) addField(form, tag);
    return form;
  });
}

function addField(form, tag) {
  const at = attributes(tag.slice(0, tag.indexOf('>')));
  if (/^<button/i.test(tag) || at.type === 'submit') {
    form.buttons.push({ name: at.name, value: at.value ?? '' });
    return;
  }
  if (!at.name) return;
  if (/^<select/i.test(tag)) {
    const options = [...tag.matchAll(/<option\b[^>]*>/gi)].map(([option]) => attributes(option));
    const chosen = options.find((option) => 'selected' in option) ?? options[0];
    form.fields.set(at.name, chosen?.value ?? '');
    return;
  }
  const optional = at.type === 'radio' || at.type === 'checkbox';
  if (optional && !('checked' in at)) {
    if (!form.fields.has(at.name)) form.choices = { ...form.choices, [at.name]: at.value };
    return;
  }
  form.fields.set(at.name, at.value ?? '');
}

async function load(url, options = {}) {
  let [address, init] = [url, options];
  for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
    const answer = await fetch(address, { ...init, redirect: 'manual' });
    const location = answer.headers.get('location');
    if (answer.status < 300 || answer.status > 399 || !location) {
      return { url: address, status: answer.status, html: await answer.text(), headers: answer.headers };
    }
    address = new URL(location, address).href;
    if (answer.status !== 307 && answer.status !== 308) init = {};
  }
  throw new Error(`too many redirects from ${url}`);
}

/** Sends a form with `values` filled in and one of its buttons pressed. */
export async function submit(page, form, values = {}, button = form.buttons[0]) {
  const fields = new URLSearchParams();
  for (const [name, value] of form.fields) fields.append(name, values[name] ?? value);
  for (const [name, first] of Object.entries(form.choices ?? {})) {
    if (!form.fields.has(name)) fields.append(name, values[name] ?? first);
  }
  if (button?.name) fields.append(button.name, button.value);
  const target = new URL(form.action || page.url, page.url);
  if ((form.method ?? 'get').toLowerCase() === 'get') {
    target.search = fields.toString();
    return load(target.href);
  }
  return load(target.href, { method: 'POST', body: fields });
}

const SHOPPER = {
  otp: '123456',
  identityNumber: '12345678901',
  phoneNumber: '5301234567',
  birthDate: '1990-05-17',
};

/**
 * Walks from page to page until one leads nowhere: types what is asked, presses the button whose
 * value is `press` where there is one, else the first. Follows a link that looks like a button.
 */
export async function walk(page, { press, values = {} } = {}) {
  let here = page;
  const seen = [here];
  for (let step = 0; step < PAGES_MAX; step += 1) {
    const forms = formsOf(here.html);
    const link = forms.length === 0 && /<a\b[^>]*class="button"[^>]*>/i.exec(here.html);
    if (link) {
      here = await load(new URL(attributes(link[0]).href, here.url).href);
      seen.push(here);
      continue;
    }
    if (forms.length === 0) return { ...here, seen };
    // A form that leads into a hidden frame is sent too, and what comes there walks on, as in a
    // browser with scripts.
    for (const form of forms.slice(0, -1)) await walk(await submit(here, form), { press, values });
    const form = forms.at(-1);
    const button = form.buttons.find((known) => known.value === press) ?? form.buttons[0];
    here = await submit(here, form, { ...SHOPPER, ...values }, button);
    seen.push(here);
  }
  throw new Error(`the shopper walks in circles at ${here.url}`);
}

/** Opens an address and walks on from there. */
export async function visit(url, how) {
  return walk(await load(url), how);
}

/** Shows the `htmlContent` of a 3D Secure answer, as the shop's page would, and walks on. */
export async function show(htmlContent, how) {
  const html = Buffer.from(htmlContent, 'base64').toString('utf8');
  return walk({ url: 'http://shop.invalid/pay', status: 200, html }, how);
}
