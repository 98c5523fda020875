import * as v from 'valibot';

/** Carries a ticket, which opens one socket (`/ws?ticket=…`) or event stream within 30 s. */
export const TicketSchema = v.object({ ticket: v.string() });
export type Ticket = v.InferOutput<typeof TicketSchema>;

/** Header of an upload that requests a token for its job alone. The response carries the token in the same header. */
export const JOB_TOKEN_HEADER = 'sluice-job-token';
/** Value of the header in the request. */
export const JOB_TOKEN_WANTED = 'request';
