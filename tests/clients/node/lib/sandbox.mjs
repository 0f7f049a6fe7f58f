// Starts and ends the sandbox binary, one per test file, on a database of its own. Nothing here
// knows the API: that is the client's side.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}; tests/clients/run does`);
  return value;
}

/** A fresh PostgreSQL database, or nothing when the run is on SQLite. */
function freshDatabase() {
  if ((process.env.GALATA_DATABASE ?? 'sqlite') === 'sqlite') return { url: null, drop() {} };
  const server = needed('GALATA_TEST_POSTGRES_URL');
  const name = `galata_node_${randomBytes(6).toString('hex')}`;
  const psql = (statement) => {
    const done = spawnSync('psql', [server, '-v', 'ON_ERROR_STOP=1', '-qc', statement], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`psql: ${done.stderr ?? done.error}`);
  };
  psql(`create database ${name}`);
  const url = server.replace(/^(postgres(?:ql)?:\/\/[^/?]*)(\/[^?]*)?/, `$1/${name}`);
  return { url, drop: () => psql(`drop database ${name} with (force)`) };
}

/** Addresses that the program prints before `ready`. */
function addressesOf(child, complaints) {
  return new Promise((resolve, reject) => {
    const found = {};
    const failed = (why) => reject(new Error(`the sandbox did not start: ${why}\n${complaints.join('')}`));
    const timer = setTimeout(() => failed('no "ready" in time'), START_TIMEOUT_MS);
    child.once('error', (error) => failed(error.message));
    child.once('exit', (code) => failed(`exit code ${code}`));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [word, url] = line.trim().split(/\s+/);
      if (word === 'gateway' || word === 'simulator') found[word] = url;
      if (word === 'ready') {
        clearTimeout(timer);
        resolve(found);
      }
    });
  });
}

/** Starts a sandbox; `galata(...)` runs commands on its database. */
export async function startSandbox() {
  const folder = mkdtempSync(join(tmpdir(), 'galata-node-'));
  const database = freshDatabase();
  const options = [
    '--no-play', '--listen', '127.0.0.1:0', '--simulator-listen', '127.0.0.1:0', '--data-dir', folder,
    '--webhook-wait-ms', '50', '--inquiry-wait-ms', '200', '--bank-timeout-ms', '2000',
    ...(database.url ? ['--database-url', database.url] : []),
  ];
  const complaints = [];
  const child = spawn(needed('GALATA_SANDBOX'), options, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.setEncoding('utf8').on('data', (text) => complaints.push(text));
  const ended = new Promise((resolve) => child.once('close', resolve));

  const stop = async () => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(timer);
    if (process.env.GALATA_CLIENTS_LOG) process.stderr.write(complaints.join(''));
    database.drop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const found = await addressesOf(child, complaints);
    const databaseUrl = database.url ?? sqliteIn(folder);
    const galata = async (...args) => {
      const store = ['--database-url', databaseUrl, '--key-file', join(folder, 'galata.key'),
        '--allow-bank-host', new URL(found.simulator).host];
      // The tests' shop listens on this machine, where webhooks do not go unless allowed.
      const env = { ...process.env, GALATA_ALLOW_WEBHOOK_HOST: '127.0.0.1' };
      const done = await promisify(execFile)(needed('GALATA_BIN'), [...args, ...store], { encoding: 'utf8', env });
      return done.stdout;
    };
    return { gateway: found.gateway, simulator: found.simulator, galata, stop, log: () => complaints.join('') };
  } catch (error) {
    await stop();
    throw error;
  }
}

function sqliteIn(folder) {
  const file = readdirSync(folder).find((name) => name.endsWith('.db') && !name.startsWith('simulator'));
  if (!file) throw new Error(`no database file in ${folder}: ${readdirSync(folder)}`);
  return `sqlite://${join(folder, file)}`;
}
