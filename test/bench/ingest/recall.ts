import { execFileSync, spawnSync } from 'node:child_process';

import { wordsOf } from '../../helpers/words.ts';

const MOST_BYTES = 64 * 1024 * 1024;

/** True where poppler can be asked; says how to get it where not. */
export function hasPoppler(): boolean {
  if (!spawnSync('pdftotext', ['-v']).error) return true;
  console.log('pdftotext is missing, so there is no recall. To install it: apt-get install poppler-utils\n');
  return false;
}

/** A PDF's text as poppler reads it. */
export function popplerText(path: string): string {
  const options = { maxBuffer: MOST_BYTES, stdio: ['ignore', 'pipe', 'ignore'] as const };
  return execFileSync('pdftotext', ['-enc', 'UTF-8', path, '-'], {
    ...options,
    stdio: [...options.stdio],
  }).toString();
}

/** The share of a reference's words that a text holds, each as often. */
export function recall(text: string, reference: string): number {
  const held = new Map<string, number>();
  for (const word of wordsOf(text)) held.set(word, (held.get(word) ?? 0) + 1);
  const wanted = wordsOf(reference);
  let found = 0;
  for (const word of wanted) {
    const left = held.get(word) ?? 0;
    if (left === 0) continue;
    held.set(word, left - 1);
    found++;
  }
  return found / wanted.length;
}
