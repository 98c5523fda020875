// Runs on whatever Node the system has, before ours is there: says in one line what is missing.
import { packagesInstalled } from './setup-stamp.mjs';

if (!packagesInstalled() || Number(process.versions.node.split('.')[0]) < 24) {
  console.error('Sluice is not set up here, or was before it changed: run `npm run setup` first.');
  process.exit(1);
}
