// Plain and old JavaScript: it runs on whatever Node the system has, before ours is there.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

export const ROOT = new URL('../../../', import.meta.url);

/** Holds the level that node_modules was installed for, and the hash of the package-lock.json it came from. */
const STAMP = new URL('node_modules/.setup-done', ROOT);

/** `start` has what `npm start` needs, `test` also what tests, checks and benches need. */
export const LEVELS = ['start', 'test'];

export function lockHash() {
  return createHash('sha256')
    .update(readFileSync(new URL('package-lock.json', ROOT)))
    .digest('hex');
}

function readStamp() {
  try {
    const [level, hash] = readFileSync(STAMP, 'utf8').split(' ');
    return { level, hash };
  } catch {
    return {};
  }
}

/** Returns the level that the last setup brought, even for an older package-lock.json, or undefined. */
export function lastLevel() {
  return LEVELS.find((level) => level === readStamp().level);
}

/** Returns the level that node_modules has of what package-lock.json asks for, or undefined. */
export function installedLevel() {
  return readStamp().hash === lockHash() ? lastLevel() : undefined;
}

/** Returns whether what is installed for `level` is enough for `needed`. */
export function covers(level, needed) {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(needed);
}

export function writeStamp(level) {
  writeFileSync(STAMP, `${level} ${lockHash()}`);
}
