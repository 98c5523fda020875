import type { DocumentType } from '../detect/document-types.ts';
import { readMail } from './read-mail.ts';
import { readMbox } from './read-mbox.ts';
import { readMsg } from './read-msg.ts';
import { readTnef } from './read-tnef.ts';

/** Readers of the container of a mail, by type. */
export const CONTAINERS = { mail: readMail, mbox: readMbox, msg: readMsg, tnef: readTnef };
export type MailType = keyof typeof CONTAINERS;

/** Returns whether a document of this type is a mail. */
export function isMail(type: DocumentType): type is MailType {
  return Object.hasOwn(CONTAINERS, type);
}
