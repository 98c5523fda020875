import { strFromU8, unzipSync } from 'fflate';

import { zip, type Parts } from '../../helpers/documents/office-files.ts';
import { WRITTEN } from './pdf-layout.ts';

/**
 * Makes the output of an Office writer the same on each day.
 * @param change edits the parts; a part that it leaves out is missing
 */
export function repack(archive: Uint8Array, change: (parts: Parts) => Parts = (parts) => parts): Buffer {
  const parts: Record<string, string | Uint8Array> = unzipSync(archive);
  const properties = parts['docProps/core.xml'];
  if (properties) {
    const text = strFromU8(properties as Uint8Array);
    parts['docProps/core.xml'] = text.replaceAll(
      /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g,
      WRITTEN.toISOString(),
    );
  }
  return zip(change(parts));
}
