// What the run starts and ends: a root shell, programs in the background, free ports.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

const START_TIMEOUT_MS = 60_000;
const LOOK_AGAIN_MS = 50;

/** Ports that nobody uses now. */
export async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** One shell for all blocks, so that variables go on; the first line that fails ends it. */
export class Shell {
  #child;
  #out = '';
  #ended = false;

  constructor(env) {
    this.#child = spawn('bash', ['-e', '-u', '-o', 'pipefail'], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => { this.#out += text; });
    }
    this.#child.once('close', () => { this.#ended = true; });
  }

  /** Runs a block; what it printed, or an error with it. */
  async run(text) {
    const mark = `__ran ${Math.random()}__`;
    this.#out = '';
    this.#child.stdin.write(`${text}\necho "${mark}"\n`);
    while (!this.#out.includes(mark)) {
      if (this.#ended) throw new Error(`the shell ended at\n${text}\n${this.#out}`);
      await pause();
    }
    return this.#out.replace(`${mark}\n`, '');
  }

  end() {
    this.#child.stdin.end();
  }
}

/** A program in the background. */
export class Program {
  #child;
  #ended;
  log = '';

  constructor(command, args, options = {}) {
    this.name = command;
    this.#child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => { this.log += text; });
    }
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => { this.log += error.message; this.code = -1; resolve(); });
      this.#child.once('close', (code) => { this.code = code ?? -1; resolve(); });
    });
  }

  /** Waits until `look` answers something. */
  async until(what, look) {
    const until = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      const found = await Promise.resolve(look(this.log)).catch(() => undefined);
      if (found) return found;
      if (this.code !== undefined || Date.now() > until) throw new Error(`${this.name}: ${what}\n${this.log}`);
      await pause();
    }
  }

  /** SIGTERM, and its end. */
  async stop() {
    if (this.code === undefined) this.#child.kill('SIGTERM');
    await this.#ended;
    return this.code;
  }
}

function pause() {
  return new Promise((resolve) => { setTimeout(resolve, LOOK_AGAIN_MS); });
}
