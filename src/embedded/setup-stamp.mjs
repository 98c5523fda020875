// Plain and old JavaScript: it runs on whatever Node the system has, before ours is there.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export const ROOT = new URL('../../', import.meta.url);

/** Holds the hash of the package-lock.json that node_modules was installed from. */
export const STAMP = new URL('node_modules/.setup-done', ROOT);

export function lockHash() {
  return createHash('sha256')
    .update(readFileSync(new URL('package-lock.json', ROOT)))
    .digest('hex');
}

/** Whether node_modules is what package-lock.json asks for. */
export function packagesInstalled() {
  try {
    return readFileSync(STAMP, 'utf8') === lockHash();
  } catch {
    return false;
  }
}
