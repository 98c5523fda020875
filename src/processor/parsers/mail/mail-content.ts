import type { Email } from 'postal-mime';

type Field = 'from' | 'to' | 'cc' | 'subject' | 'date' | 'text' | 'html' | 'attachments';

/** Content of a mail, as the reader of its container returns it. */
export type MailContent = Pick<Email, Field> & {
  /** The words as RTF that Outlook has packed. They repeat the HTML, or hold it. */
  packedRtf?: Buffer | undefined;
};

/** Most attachments of a mail, and most mails of a mailbox, to list. Each takes 500 bytes of memory. */
export const MAX_PARTS = 100_000;
