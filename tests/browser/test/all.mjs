// The topics, one after another in one process, so that they share one browser. ONLY names some of
// them: ONLY=loans,points tests/browser/run sqlite
import { after } from 'node:test';
import { closeBrowser } from '../lib/browser.mjs';

const TOPICS = ['sign_in', 'apms', 'loans', 'points', 'roles', 'webhooks', 'keys', 'doubts', 'live', 'quality', 'no_script', 'shop',
  'security', 'bank_pages', 'states', 'tour'];
const only = process.env.ONLY?.split(',');

after(closeBrowser);
for (const topic of TOPICS.filter((name) => !only || only.includes(name))) await import(`./${topic}.mjs`);
