import type { ParseEvent } from '../../../contract/services/processor.ts';
import { detectType, type DocumentSource } from '../detect/detect-type.ts';
import { parseMail } from './mail.ts';

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
  let found: DocumentSource | undefined;
  // oxlint-disable-next-line require-yield -- has no text
  const look = async function* (
    source: DocumentSource,
    _chars: number,
    at: string,
  ): AsyncGenerator<ParseEvent> {
    if (at === place) found = source;
  };
  const type = (await detectType(mail)) === 'msg' ? 'msg' : 'mail';
  const events = parseMail(mail.path, { maxTextChars, includeHidden: false }, look, type);
  while (!found && !(await events.next()).done);
  if (!found) throw new Error(`the mail has no attachment ${place}`);
  return found;
}
