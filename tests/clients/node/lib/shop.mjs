// The shop: listens for browser callbacks and webhooks, keeps what arrives, and checks what came
// with the client's own functions.
import Craftgate from '@craftgate/craftgate';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

export const CALLBACK_KEY = 'merchantThreeDsCallbackKeySndbox';
export const WEBHOOK_KEY = 'Aoh7tReTybO6wOjBmOJFFsOR53SBojEp';
// Longer than the fourth inquiry after doubt takes: 30 s on a busy machine.
const WAIT_MS = 45_000;
const LOOK_AGAIN_MS = 20;

/** Looks until `look` finds something, or says what was waited for. */
export async function eventually(what, look) {
  const until = Date.now() + WAIT_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > until) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** The hash of version 2: the key, then the values of the named parameters, nothing between. */
export function isSecondHashVerified(params) {
  const values = params.hashParams.split(':').map((name) => params[name] ?? '');
  return createHash('sha256').update(CALLBACK_KEY + values.join('')).digest('hex') === params.hash;
}

export class Shop {
  #server;
  #callbacks = new Map();
  #webhooks = [];
  #hooks = new Craftgate.Client({ apiKey: 'api-key', secretKey: 'secret-key', baseUrl: 'http://127.0.0.1' }).hook();

  static async open() {
    const shop = new Shop();
    shop.#server = createServer((request, response) => shop.#receive(request, response));
    await new Promise((resolve) => shop.#server.listen(0, '127.0.0.1', resolve));
    shop.url = `http://127.0.0.1:${shop.#server.address().port}`;
    return shop;
  }

  async #receive(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    if (request.url === '/webhook') {
      const event = JSON.parse(body);
      const signature = request.headers['x-cg-signature-v1'];
      const verified = await this.#hooks.isWebhookVerified(WEBHOOK_KEY, signature, event);
      this.#webhooks.push({ ...event, verified, raw: { body, headers: request.headers } });
    } else {
      const known = this.#callbacks.get(request.url) ?? [];
      known.push({ method: request.method, type: request.headers['content-type'], ...Object.fromEntries(new URLSearchParams(body)) });
      this.#callbacks.set(request.url, known);
    }
    response.end('<p>thank you</p>');
  }

  /** An address for the browser's return; `callbacks(url)` tells what came there. */
  callbackUrl(order) {
    return `${this.url}/callback/${order}`;
  }

  callbacks(url) {
    return this.#callbacks.get(new URL(url).pathname) ?? [];
  }

  /** The webhooks of a payment so far. */
  webhooks(paymentId) {
    return this.#webhooks.filter((event) => event.payloadId === String(paymentId));
  }

  /** The first webhook of a payment that fits. */
  webhook(paymentId, eventType, fits = () => true) {
    const look = () => this.webhooks(paymentId).find((event) => event.eventType === eventType && fits(event));
    return eventually(`webhook ${eventType} of payment ${paymentId}`, look);
  }

  /** Whether the library of Standard Webhooks verifies what came, with a key as Galata shows it. */
  isStandard(event, key) {
    try {
      return Boolean(new Webhook(key).verify(event.raw.body, event.raw.headers));
    } catch {
      return false;
    }
  }

  close() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
