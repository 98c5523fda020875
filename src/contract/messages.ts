import * as v from 'valibot';

import { JobSchema } from './job.ts';
import { WholeNumberSchema } from './scalars.ts';

/** Subprotocol that a client names in the handshake. A client that names none gets it, too. */
export const SUBPROTOCOL = 'sluice.v1';
export const PROTOCOL_VERSION = 1;

/** Close codes of the server. PROTOCOL.md says after which a client may retry. */
export const CLOSE = {
  /** `?job=` only: the job has reached a terminal state. */
  done: 1000,
  /** The server failed, for example to read Redis. Retryable. */
  failed: 1011,
  /** The server shuts down. Retryable. */
  drain: 1012,
  badMessage: 4400,
  /** The key is missing, unknown, expired or revoked. Another key may work. */
  unauthorized: 4401,
  /** This origin may not connect, or (`?job=`) the key may not read that job. */
  forbidden: 4403,
  /** `?job=` only: there is no such job. */
  unknownJob: 4404,
  /** No key came in time. */
  authTimeout: 4408,
  /** A message has more than {@link MAX_MESSAGE_BYTES}. */
  tooLarge: 4413,
  /** One address has too many connections. Retryable later. */
  tooMany: 4429,
  /** The client does not read. Retryable with a resume. */
  tooFarBehind: 4503,
} as const;

/** Close codes after which a reconnect gets the same response. A client may retry after any other code. */
export const FINAL_CLOSES: readonly number[] = [
  CLOSE.done,
  CLOSE.badMessage,
  CLOSE.unauthorized,
  CLOSE.forbidden,
  CLOSE.unknownJob,
  CLOSE.authTimeout,
  CLOSE.tooLarge,
];

/** Largest message of a client, in bytes. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
/** Most subscriptions of a session. */
export const MAX_SUBSCRIPTIONS = 1000;
/** Most jobs that the subscriptions of a session may name together. */
export const MAX_WATCHED_JOBS = 10_000;

const JobId = v.pipe(v.string(), v.minLength(1), v.maxLength(128));

/**
 * Names what a client already has, so that the server omits it: versions by job id, and their epoch as `history`. Ids
 * have no length limit, because other programs may give a job any id. An epoch has one, because a waiting subscription
 * keeps it.
 */
const Resume = {
  versions: v.optional(v.record(v.string(), WholeNumberSchema)),
  history: v.optional(v.pipe(v.string(), v.maxLength(128))),
};

export const SubscribeJobsSchema = v.object({
  type: v.literal('subscribe'),
  id: WholeNumberSchema,
  ...Resume,
  jobs: v.pipe(v.array(JobId), v.minLength(1), v.maxLength(1000)),
});
export const SubscribeChannelSchema = v.object({
  type: v.literal('subscribe'),
  id: WholeNumberSchema,
  ...Resume,
  channel: v.literal('active'),
});
export const UnsubscribeSchema = v.object({ type: v.literal('unsubscribe'), id: WholeNumberSchema });
export const PingSchema = v.object({ type: v.literal('ping') });

/** Authenticates the session, as its first message and again before the key expires. */
export const AuthSchema = v.object({
  type: v.literal('auth'),
  token: v.pipe(v.string(), v.minLength(1), v.maxLength(512)),
});

/** Every message of a client. */
export const ClientMessageSchema = v.union([
  SubscribeJobsSchema,
  SubscribeChannelSchema,
  UnsubscribeSchema,
  PingSchema,
  AuthSchema,
]);
export type ClientMessage = v.InferOutput<typeof ClientMessageSchema>;

/** Parses a client's message. @returns `undefined` if it does not fit the protocol */
export function parseClientMessage(text: string): ClientMessage | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ClientMessageSchema), text);
  return parsed.success ? parsed.output : undefined;
}

export const WelcomeSchema = v.object({
  type: v.literal('welcome'),
  protocol: v.literal(PROTOCOL_VERSION),
  history: v.string(),
  heartbeat_ms: v.number(),
});
export const SnapshotSchema = v.object({
  type: v.literal('snapshot'),
  id: WholeNumberSchema,
  jobs: v.array(JobSchema),
  more: v.boolean(),
});
export const UpdateSchema = v.object({ type: v.literal('update'), jobs: v.array(JobSchema) });
export const GoneSchema = v.object({
  type: v.literal('gone'),
  id: WholeNumberSchema,
  jobs: v.array(v.string()),
});
export const ErrorMessageSchema = v.object({
  type: v.literal('error'),
  id: v.optional(WholeNumberSchema),
  code: v.string(),
  detail: v.string(),
  /** Ids of the jobs in question. */
  jobs: v.optional(v.array(v.string())),
});
export const PongSchema = v.object({ type: v.literal('pong') });
export const StaleSchema = v.object({ type: v.literal('stale') });
export const LiveSchema = v.object({ type: v.literal('live'), history: v.string() });
export const AuthorizedSchema = v.object({
  type: v.literal('authorized'),
  scopes: v.array(v.string()),
  expires_at: v.optional(v.string()),
});
export const ReconnectSchema = v.object({ type: v.literal('reconnect'), after_ms: v.number() });

/** Every message of the server. */
export const ServerMessageSchema = v.variant('type', [
  WelcomeSchema,
  SnapshotSchema,
  UpdateSchema,
  GoneSchema,
  ErrorMessageSchema,
  PongSchema,
  StaleSchema,
  LiveSchema,
  ReconnectSchema,
  AuthorizedSchema,
]);
export type ServerMessage = v.InferOutput<typeof ServerMessageSchema>;

/** Carries a ticket, which opens one socket (`/ws?ticket=…`) or event stream within 30 s. */
export const TicketSchema = v.object({ ticket: v.string() });
export type Ticket = v.InferOutput<typeof TicketSchema>;
