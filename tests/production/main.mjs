// Takes the binary through docs/production.md on the database that GALATA_DATABASE names.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { blocksOf, substituted } from './lib/doc.mjs';
import { freePorts, Program, Shell } from './lib/machine.mjs';
import { Panel } from './lib/panel.mjs';
import { shops } from './lib/shop.mjs';

const { GALATA_BIN, GALATA_SANDBOX, GALATA_DATABASE, GALATA_TEST_POSTGRES_URL, GALATA_PRODUCTION_FOLDER } = process.env;
const document = new URL('../../docs/production.md', import.meta.url);
const root = mkdtempSync(join(GALATA_PRODUCTION_FOLDER, 'root-'));
const certificate = {
  chain: join(GALATA_PRODUCTION_FOLDER, 'fullchain.pem'), key: join(GALATA_PRODUCTION_FOLDER, 'privkey.pem'),
};
const started = [];
const programs = {};

function start(name, ...args) {
  programs[name] = new Program(...args);
  started.push(programs[name]);
  return programs[name];
}

function freshDatabase() {
  if (GALATA_DATABASE === 'sqlite') return undefined;
  const name = `galata_production_${randomBytes(6).toString('hex')}`;
  execFileSync('psql', [GALATA_TEST_POSTGRES_URL, '-v', 'ON_ERROR_STOP=1', '-qc', `create database ${name}`]);
  return GALATA_TEST_POSTGRES_URL.replace(/^(postgres(?:ql)?:\/\/[^/?]*)(\/[^?]*)?/, `$1/${name}`);
}

async function simulator() {
  const args = ['--no-play', '--listen', '127.0.0.1:0', '--simulator-listen', '127.0.0.1:0', '--data-dir', join(root, 'sandbox')];
  const banks = start('simulator', GALATA_SANDBOX, args);
  return banks.until('no simulator', (log) => /^simulator (\S+)$/m.exec(log)?.[1]);
}

const answers = async (url) => (await fetch(url)).status < 500;

/** A unit's lines under a name. */
const lines = (unit, name) => [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value);

/** Runs the unit's ExecStart line with its settings and its credential, as systemd would. */
async function serve(unit, place) {
  const credentials = join(root, 'credentials');
  mkdirSync(credentials, { recursive: true });
  for (const [name, path] of lines(unit, 'LoadCredential').map((value) => value.split(':'))) {
    copyFileSync(path, join(credentials, name));
    chmodSync(join(credentials, name), 0o400);
  }
  const settings = lines(unit, 'EnvironmentFile').flatMap((path) => readFileSync(path, 'utf8').trim().split('\n'));
  const pairs = settings.map((text) => /^([^=]+)='?(.*?)'?$/.exec(text).slice(1));
  const env = { ...Object.fromEntries(pairs), CREDENTIALS_DIRECTORY: credentials };
  const [command, ...args] = lines(unit, 'ExecStart')[0].split(' ')
    .map((word) => word.replace(/\$\{(\w+)\}/g, (_, name) => env[name]));
  const gateway = start('galata', command, args, { env });
  await gateway.until('it does not serve', () => answers(`http://127.0.0.1:${place.ports.gateway}/livez`));
}

/** Pays, takes a loan and opens the panel through the proxy that runs now. */
async function useThrough(proxy, place) {
  const base = `https://localhost:${place.ports.https}`;
  const printed = readFileSync(join(root, 'etc/galata/my-shop'), 'utf8');
  const named = (name) => new RegExp(`^${name} +(\\S+)$`, 'm').exec(printed)[1];
  const keys = { apiKey: named('api key'), secretKey: named('secret key') };
  place.paid = await shops(base, keys, place.simulator);
  // `doctor` asks /livez the way that shops come; what is wrong inside is nobody's business.
  for (const path of ['/readyz', '/healthz']) {
    assert.equal((await fetch(base + path)).status, 404, `${proxy} gives ${path} to strangers`);
  }
  if (!place.panel) {
    place.panel = new Panel(base);
    const link = /https:\/\/\S+\/panel\/link\/\S+/.exec(readFileSync(join(root, 'etc/galata/first-link'), 'utf8'));
    await place.panel.signIn(link[0]);
  }
  const pages = await place.panel.walk();
  const id = /^[0-9a-f]{32}$|^[0-9a-f-]{36}$/;
  // One in some hundred of random ids holds what looks like a card number, and is not kept.
  const asked = await Promise.all(Array.from({ length: 5 }, () => fetch(`${base}/panel/sign-in`)));
  assert.ok(asked.some((answer) => id.test(answer.headers.get('x-request-id'))), `${proxy}'s id is lost`);
  console.log(`${proxy}: a rewards payment, a loan, ${pages} pages of the panel`);
}

async function nginx(file, place) {
  const frame = join(root, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${root}/${one};`);
  writeFileSync(frame, `daemon off; user root; pid ${root}/nginx.pid; error_log stderr; events {}
http { access_log off; ${temporary.join(' ')} include ${file}; }\n`);
  execFileSync('nginx', ['-t', '-q', '-c', frame], { stdio: 'pipe' });
  start('nginx', 'nginx', ['-c', frame]);
  await programs.nginx.until('it does not serve', () => answers(`https://localhost:${place.ports.https}/panel/sign-in`));
  const plain = await fetch(`http://127.0.0.1:${place.ports.http}/panel`, { redirect: 'manual' });
  assert.equal(plain.status, 301);
  await useThrough('nginx', place);
  await programs.nginx.stop();
}

async function caddy(file, place) {
  const options = '{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n}\n';
  writeFileSync(file, options + readFileSync(file, 'utf8'));
  const env = { ...process.env, HOME: root, XDG_DATA_HOME: root, XDG_CONFIG_HOME: root };
  start('caddy', 'caddy', ['run', '--adapter', 'caddyfile', '--config', file], { env });
  await programs.caddy.until('it does not serve', () => answers(`https://localhost:${place.ports.https}/panel/sign-in`));
  await useThrough('caddy', place);
  await programs.caddy.stop();
}

function put(block, text) {
  const file = join(root, block.file);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

async function runBlock(block, place) {
  const text = substituted(block.text, place);
  if (!block.file) {
    if (block.marks.includes('stopped')) assert.equal(await programs.galata.stop(), 0);
    await place.shell.run(text);
    if (block.marks.includes('restarted')) assert.equal(await programs.galata.stop(), 0);
    if (block.marks.includes('stopped') || block.marks.includes('restarted')) await serve(place.unit, place);
    return;
  }
  const file = put(block, text);
  if (file.endsWith('.service')) {
    execFileSync('systemd-analyze', ['verify', file], { stdio: 'pipe' });
    place.unit = text;
    await serve(text, place);
  }
  if (file.endsWith('nginx/conf.d/galata.conf')) await nginx(file, place);
  if (file.endsWith('Caddyfile')) await caddy(file, place);
}

async function main() {
  const [https, http, gateway] = await freePorts(3);
  const place = { root, ports: { https, http, gateway }, certificate, databaseUrl: freshDatabase() };
  place.simulator = await simulator();
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
  copyFileSync(GALATA_BIN, join(root, 'usr/local/bin/galata'));
  place.shell = new Shell({ PATH: `${root}/usr/local/bin:${process.env.PATH}`, HOME: root, TERM: 'dumb' });
  const blocks = blocksOf(readFileSync(document, 'utf8')).filter(({ marks }) => marks.includes('run'));
  const other = GALATA_DATABASE === 'sqlite' ? 'postgres' : 'sqlite';
  let ran = 0;
  for (const block of blocks.filter(({ marks }) => !marks.includes(other))) {
    try {
      await runBlock(block, place);
    } catch (error) {
      throw new Error(`docs/production.md, line ${block.line}: ${error.message}\n${error.stderr ?? ''}`, { cause: error });
    }
    ran += 1;
  }
  assert.ok(ran >= 15, `only ${ran} blocks were run`);
  // After the restore the payments from before it are still there.
  for (const id of place.paid) await place.shell.run(`galata payment show --merchant "$merchant" --id ${id}`);
  place.shell.end();
  assert.equal(await programs.galata.stop(), 0);
  for (const line of programs.galata.log.trim().split('\n')) {
    const { level, fields } = JSON.parse(line);
    assert.notEqual(level, 'ERROR', line);
    assert.ok(!/cannot be rendered/.test(fields.message), line);
  }
  console.log(`docs/production.md on ${GALATA_DATABASE}: ${ran} blocks`);
}

try {
  await main();
} catch (error) {
  console.error(error);
  console.error(programs.galata?.log.slice(-5_000) ?? '');
  process.exitCode = 1;
} finally {
  for (const program of started) await program.stop();
}
// A shell that hangs must not keep the run.
process.exit();
