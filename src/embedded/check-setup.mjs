// Runs on whatever Node the system has, before ours is there: says in one line what is missing.
import { existsSync } from 'node:fs';

const root = new URL('../../', import.meta.url);
const ready =
  existsSync(new URL('node_modules/.setup-done', root)) && Number(process.versions.node.split('.')[0]) >= 24;

if (!ready) {
  console.error('Sluice is not set up here yet: run `npm run setup` first.');
  process.exit(1);
}
