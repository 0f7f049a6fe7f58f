// The topics, one after another in one process, so that they share one browser: all on SQLite, those
// in which the database has a say on PostgreSQL. ONLY names some, for any database:
// ONLY=loans,points tests/browser/run sqlite
import { after } from 'node:test';
import { closeBrowser } from '../lib/browser.mjs';

// Where the database has a say: sessions, money that must not be taken twice whoever clicks at once,
// work that comes due, keys that change under way, what is written elsewhere and shows at once.
const DATABASE_TOPICS = ['sign_in', 'loans', 'points', 'webhooks', 'keys', 'doubts', 'refunds', 'live', 'shop'];
// Looks, words, roles, headers and forms: a page does not know which database its rows came from,
// and tests/it runs the queries behind it on both.
const PAGE_TOPICS = ['apms', 'poses', 'reconciliation', 'commissions', 'holds', 'routing', 'roles', 'quality', 'no_script', 'security', 'bank_pages', 'states', 'tour'];

const onSqlite = (process.env.GALATA_DATABASE ?? 'sqlite') === 'sqlite';
const only = process.env.ONLY?.split(',');
const topics = only ?? (onSqlite ? [...DATABASE_TOPICS, ...PAGE_TOPICS] : DATABASE_TOPICS);

after(closeBrowser);
for (const topic of topics) await import(`./${topic}.mjs`);
