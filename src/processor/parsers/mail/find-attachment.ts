import { Readable } from 'node:stream';

import type { ParseEvent } from '../../../contract/services/processor.ts';
import { detectType, type DocumentSource } from '../detect/detect-type.ts';
import type { DocumentFile } from '../document-file.ts';
import { isMail } from './containers.ts';
import { parseMail } from './mail.ts';

/** Time in ms for which a child keeps an attachment after its last page. */
const KEEP_MS = 5000;

/** The attachment of the last page. The next one is mostly of the same, and reading a mail of 100 MB takes 10 s. */
let kept: { mail: DocumentFile; place: string; attachment: DocumentSource } | undefined;
let forgetting: NodeJS.Timeout | undefined;

/**
 * Finds an attachment of a mail. It reads the mail as a parse does, and nothing of the attachments.
 * @param maxTextChars limit of the parse
 * @param place as the parse has named it
 * @throws if the mail has none there
 */
export async function findAttachment(
  mail: DocumentSource,
  maxTextChars: number,
  place: string,
): Promise<DocumentSource> {
  clearTimeout(forgetting);
  forgetting = setTimeout(() => (kept = undefined), KEEP_MS).unref();
  if (kept?.mail === mail.path && kept.place === place) return kept.attachment;
  kept = undefined;
  let found: DocumentSource | undefined;
  const look = (source: DocumentSource, _chars: number, at: string): AsyncIterable<ParseEvent> => {
    if (at === place) found = source;
    return Readable.from([]);
  };
  const type = await detectType(mail);
  const events = parseMail(
    mail.path,
    { maxTextChars, includeHidden: false },
    look,
    isMail(type) ? type : 'mail',
  );
  while (!found && !(await events.next()).done);
  if (!found) throw new Error(`the mail has no attachment ${place}`);
  kept = { mail: mail.path, place, attachment: found };
  return found;
}
