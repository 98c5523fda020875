import * as v from 'valibot';

/** Opens one socket (`/ws?ticket=…`) or event stream within 30 s. */
export const TicketSchema = v.object({ ticket: v.string() });
export type Ticket = v.InferOutput<typeof TicketSchema>;

/** Asks, in an upload, for a token that reads its job alone; carries that token in the response. */
export const JOB_TOKEN_HEADER = 'sluice-job-token';
/** What the header asks with. */
export const JOB_TOKEN_WANTED = 'request';
