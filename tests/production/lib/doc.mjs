// The blocks of a document, and what the run changes in them. The table at the document's top tells
// people the same.

/** `{ marks, file, text, line }` of every fenced block whose info string has a word of ours. */
export function blocksOf(markdown) {
  const blocks = [];
  let open;
  const lines = markdown.split('\n');
  for (const [index, text] of lines.entries()) {
    const fence = /^```(.*)$/.exec(text);
    if (!fence) {
      open?.lines.push(text);
    } else if (open) {
      blocks.push({ ...open, text: `${open.lines.join('\n')}\n` });
      open = undefined;
    } else {
      const words = fence[1].split(' ').slice(1);
      const file = words.find((word) => word.startsWith('file='))?.slice('file='.length);
      // Whoever reads the document sees no info string.
      if (file && !lines[index - 2]?.includes(`\`${file}\`:`)) throw new Error(`line ${index + 1}: nothing names ${file}`);
      open = { marks: words.filter((word) => !word.startsWith('file=')), file, line: index + 1, lines: [] };
    }
  }
  if (open) throw new Error(`the block at line ${open.line} has no end`);
  for (const block of blocks) {
    const known = block.marks.includes('run') !== block.marks.includes('shown');
    if (!known) throw new Error(`the block at line ${block.line} is neither run nor shown`);
  }
  return blocks;
}

/** The substitutions of a run. `place` has root, ports, simulator, certificate, databaseUrl. */
export function substituted(text, place) {
  const { root, ports, simulator, certificate, databaseUrl } = place;
  const site = `https://localhost:${ports.https} {\n\ttls ${certificate.chain} ${certificate.key}`;
  let out = text
    .replaceAll('/etc/letsencrypt/live/pay.example.com/fullchain.pem', certificate.chain)
    .replaceAll('/etc/letsencrypt/live/pay.example.com/privkey.pem', certificate.key)
    .replaceAll('https://lender.example.com', simulator)
    .replaceAll('lender.example.com', new URL(simulator).host)
    .replaceAll('--integrator GARANTI', `--integrator GARANTI --endpoint ${simulator}/garanti`)
    .replaceAll('the secret for requests to Maslak', 'lender-secret-demo')
    .replaceAll("the secret of Maslak's notifications", 'lender-notify-demo')
    .replaceAll('https://pay.example.com', `https://localhost:${ports.https}`)
    .replaceAll('pay.example.com {', site)
    .replaceAll('pay.example.com', 'localhost')
    .replaceAll('listen 443 ssl', `listen 127.0.0.1:${ports.https} ssl`)
    .replaceAll('listen 80;', `listen 127.0.0.1:${ports.http};`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${ports.gateway}`)
    .replace(/(^|[^\w.])\/(etc|var|usr\/local)\//gm, `$1${root}/$2/`);
  if (databaseUrl) {
    const url = new URL(databaseUrl);
    out = out
      .replace(/^GALATA_DATABASE_URL=.*$/m, `GALATA_DATABASE_URL='${databaseUrl}'`)
      .replace(/^host=.*$/m, `host=${url.searchParams.get('host') ?? url.hostname}\nport=${url.port || 5432}`)
      .replace(/^dbname=.*$/m, `dbname=${url.pathname.slice(1)}`);
  }
  return out;
}
