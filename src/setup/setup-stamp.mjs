// Uses plain, old JavaScript, because it runs on any system Node, before Node 24 is there.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

export const ROOT = new URL('../../', import.meta.url);

/** Holds the level of the packages in node_modules, and the hash of their package-lock.json. */
const STAMP = new URL('node_modules/.setup-done', ROOT);

/** `start` has the dependencies of `npm start`. `test` adds those of tests, checks and benches. */
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

/** Returns the level of the last setup, even for an older package-lock.json, or undefined. */
export function lastLevel() {
  return LEVELS.find((level) => level === readStamp().level);
}

/** Returns the level that node_modules has for the present package-lock.json, or undefined. */
export function installedLevel() {
  return readStamp().hash === lockHash() ? lastLevel() : undefined;
}

/** Returns whether an installation of `level` covers `needed`. */
export function covers(level, needed) {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(needed);
}

export function writeStamp(level) {
  writeFileSync(STAMP, `${level} ${lockHash()}`);
}
