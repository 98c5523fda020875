import type { Sluice } from '../sdk/sluice.ts';
import type { Document } from '../../src/contract/documents.ts';
import { readContent } from './read-content.ts';

/** Time in ms for which the bytes stay in memory. The browser takes them over within this time. */
const KEPT_MS = 60_000;

/** Saves the original of a document. A plain link cannot send the key that a server may want. */
export async function download(sluice: Sluice, { id, filename }: Document): Promise<void> {
  const address = URL.createObjectURL(await readContent(sluice, id));
  const link = document.createElement('a');
  link.href = address;
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
