import * as v from 'valibot';

import { BatchNameSchema, BatchViewSchema } from './batches/batch.ts';
import { JobSchema } from './job.ts';
import { JOB_FILTER_LISTS, StatsSchema } from './jobs.ts';
import { WholeNumberSchema } from './scalars.ts';
import { CollectionNameSchema } from './upload.ts';

/** Subprotocol that a client names in the handshake. A client that names none gets it, too. */
export const SUBPROTOCOL = 'sluice.v2';
export const PROTOCOL_VERSION = 2;
/** Names in `welcome.features`. A client finds out by them what this server knows. */
export const FEATURES = ['jobs', 'filters', 'active', 'batch', 'stats', 'since'] as const;

/** Close codes of the server. PROTOCOL.md says after which a client may retry. */
export const CLOSE = {
  /** `?job=` only: the job has reached a terminal state. */
  done: 1000,
  /** The server failed, for example to read Redis. Retryable. */
  failed: 1011,
  /** The server shuts down. Retryable. */
  drain: 1012,
  /** A message before `welcome` is binary, or there are too many. */
  badMessage: 4400,
  /** The key is missing, unknown, expired or revoked. Another key may work. */
  unauthorized: 4401,
  /** This origin may not connect, or (`?job=`) the key may not read that job. */
  forbidden: 4403,
  /** `?job=` only: there is no such job. */
  unknownJob: 4404,
  /** No key came in time. */
  authTimeout: 4408,
  /** A message has more than {@link LARGEST_READ_BYTES}, or comes before `welcome` with more than {@link MAX_MESSAGE_BYTES}. */
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

/** Largest message of a client, in bytes. The server refuses a larger one with an `error`. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
/** Largest message that the server reads to its end, in bytes. A larger one ends the session, because it would take memory. */
export const LARGEST_READ_BYTES = 1024 * 1024;
/** Most subscriptions of a session. */
export const MAX_SUBSCRIPTIONS = 1000;
/** Most jobs that the subscriptions of a session may name together. */
export const MAX_WATCHED_JOBS = 10_000;

const JobId = v.pipe(v.string(), v.minLength(1), v.maxLength(128));

/**
 * Names the position up to which a client has everything, so that the server sends only what has changed since. An epoch
 * has a limit, because a waiting subscription keeps it.
 */
const Since = {
  since: v.optional(
    v.strictObject({ epoch: v.pipe(v.string(), v.maxLength(128)), offset: WholeNumberSchema }),
  ),
};

/** A client's own number for a message. The response carries it. */
const RequestId = { id: v.optional(WholeNumberSchema) };

/** Most ended jobs that a filter keeps. */
export const MOST_RECENT = 1000;

/** Names jobs by their ids, or by a filter. */
export const SubscribeJobsSchema = v.pipe(
  v.strictObject({
    type: v.literal('subscribe'),
    id: WholeNumberSchema,
    channel: v.literal('jobs'),
    ...Since,
    jobs: v.optional(v.pipe(v.array(JobId), v.minLength(1), v.maxLength(1000))),
    collection: v.optional(CollectionNameSchema),
    status: v.optional(JOB_FILTER_LISTS.status),
    recent: v.optional(v.pipe(WholeNumberSchema, v.maxValue(MOST_RECENT))),
  }),
  v.check(
    ({ jobs, collection, status }) => jobs !== undefined || collection !== undefined || status !== undefined,
    'names nothing. Add jobs, or a collection or status.',
  ),
  v.check(
    ({ jobs, collection, status, recent }) =>
      jobs === undefined || (collection === undefined && status === undefined && recent === undefined),
    'names jobs and a filter. Use a subscription for each.',
  ),
);
export const SubscribeActiveSchema = v.strictObject({
  type: v.literal('subscribe'),
  id: WholeNumberSchema,
  channel: v.literal('active'),
  ...Since,
});
export const SubscribeBatchSchema = v.strictObject({
  type: v.literal('subscribe'),
  id: WholeNumberSchema,
  channel: v.literal('batch'),
  batch: BatchNameSchema,
  ...Since,
});
export const SubscribeStatsSchema = v.strictObject({
  type: v.literal('subscribe'),
  id: WholeNumberSchema,
  channel: v.literal('stats'),
});
export const UnsubscribeSchema = v.strictObject({ type: v.literal('unsubscribe'), id: WholeNumberSchema });
export const PingSchema = v.strictObject({ type: v.literal('ping'), ...RequestId });

/** Authenticates the session, as its first message and again before the key expires. */
export const AuthSchema = v.strictObject({
  type: v.literal('auth'),
  ...RequestId,
  token: v.pipe(v.string(), v.minLength(1), v.maxLength(512)),
});

/** Messages that subscribe, by their channel. */
export const CHANNELS = {
  jobs: SubscribeJobsSchema,
  active: SubscribeActiveSchema,
  batch: SubscribeBatchSchema,
  stats: SubscribeStatsSchema,
};
export const SubscribeSchema = v.variant('channel', [
  SubscribeJobsSchema,
  SubscribeActiveSchema,
  SubscribeBatchSchema,
  SubscribeStatsSchema,
]);
/** All other messages of a client, by their type. */
export const REQUESTS = { unsubscribe: UnsubscribeSchema, ping: PingSchema, auth: AuthSchema };

/** Every message of a client. */
export const ClientMessageSchema = v.variant('type', [
  SubscribeSchema,
  UnsubscribeSchema,
  PingSchema,
  AuthSchema,
]);
export type Subscribe = v.InferOutput<typeof SubscribeSchema>;
export type ClientMessage = v.InferOutput<typeof ClientMessageSchema>;

/** The client has been sent everything up to it. */
const Offset = { offset: WholeNumberSchema };

export const WelcomeSchema = v.object({
  type: v.literal('welcome'),
  protocol: v.literal(PROTOCOL_VERSION),
  epoch: v.string(),
  ...Offset,
  heartbeat_ms: v.number(),
  /** Features of the server beyond the basic messages. A client ignores names that it does not know. */
  features: v.array(v.string()),
});
export const SnapshotSchema = v.object({
  type: v.literal('snapshot'),
  id: WholeNumberSchema,
  ...Offset,
  jobs: v.array(JobSchema),
  more: v.boolean(),
  /** True if the client keeps the jobs that are not among these; they have not changed. */
  resumed: v.boolean(),
});
export const UpdateSchema = v.object({ type: v.literal('update'), ...Offset, jobs: v.array(JobSchema) });
export const GoneSchema = v.object({
  type: v.literal('gone'),
  id: WholeNumberSchema,
  ...Offset,
  jobs: v.array(v.string()),
});
export const BatchMessageSchema = v.object({
  type: v.literal('batch'),
  id: WholeNumberSchema,
  ...Offset,
  batch: BatchViewSchema,
});
export const StatsMessageSchema = v.object({
  type: v.literal('stats'),
  id: WholeNumberSchema,
  stats: StatsSchema,
});
export const ErrorMessageSchema = v.object({
  type: v.literal('error'),
  id: v.optional(WholeNumberSchema),
  code: v.string(),
  detail: v.string(),
  /** Ids of the jobs in question. */
  jobs: v.optional(v.array(v.string())),
});
export const UnsubscribedSchema = v.object({ type: v.literal('unsubscribed'), id: WholeNumberSchema });
export const PongSchema = v.object({ type: v.literal('pong'), ...RequestId });
/** The client is slow, so the server has skipped some states. Sent once until the client has everything again. */
export const ConflatedSchema = v.object({ type: v.literal('conflated') });
export const StaleSchema = v.object({ type: v.literal('stale') });
export const LiveSchema = v.object({ type: v.literal('live'), epoch: v.string(), ...Offset });
export const AuthorizedSchema = v.object({
  type: v.literal('authorized'),
  ...RequestId,
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
  BatchMessageSchema,
  StatsMessageSchema,
  ErrorMessageSchema,
  UnsubscribedSchema,
  PongSchema,
  ConflatedSchema,
  StaleSchema,
  LiveSchema,
  ReconnectSchema,
  AuthorizedSchema,
]);
export type ServerMessage = v.InferOutput<typeof ServerMessageSchema>;

/** Carries a ticket, which opens one socket (`/ws?ticket=…`) or event stream within 30 s. */
export const TicketSchema = v.object({ ticket: v.string() });
export type Ticket = v.InferOutput<typeof TicketSchema>;
