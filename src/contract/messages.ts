import * as v from 'valibot';

import { JobSchema } from './job.ts';
import { WholeNumberSchema } from './scalars.ts';

/** The subprotocol a client names in the handshake; one that names none gets it too. */
export const SUBPROTOCOL = 'sluice.v1';
export const PROTOCOL_VERSION = 1;

/** Why the server closed. PROTOCOL.md says which of them a client may retry. */
export const CLOSE = {
  /** `?job=` only: the job has reached a terminal state. */
  done: 1000,
  /** The server failed, e.g. Redis could not be read; retryable. */
  failed: 1011,
  /** The server is shutting down; retryable. */
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
  /** Too many connections of one address; retryable, later. */
  tooMany: 4429,
  /** The client does not read what it is sent; retryable, and a resume brings it back. */
  tooFarBehind: 4503,
} as const;

/** After these a client is told nothing else when it connects again; every other code is worth another try. */
export const FINAL_CLOSES: readonly number[] = [
  CLOSE.done,
  CLOSE.badMessage,
  CLOSE.unauthorized,
  CLOSE.forbidden,
  CLOSE.unknownJob,
  CLOSE.authTimeout,
  CLOSE.tooLarge,
];

/** The longest message a client may send. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
/** How many subscriptions a session may have at once. */
export const MAX_SUBSCRIPTIONS = 1000;
/** How many jobs they may name together. */
export const MAX_WATCHED_JOBS = 10_000;

const JobId = v.pipe(v.string(), v.minLength(1), v.maxLength(128));

/**
 * What a client already has, to be spared it: job ids with their versions, and their epoch, named `history`. Jobs of
 * other programs may have any id: a dashboard that was told of one names it here, however long it is. An epoch is
 * kept for as long as its subscription waits, so it is not.
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

/** Everything a client may send. */
export const ClientMessageSchema = v.union([
  SubscribeJobsSchema,
  SubscribeChannelSchema,
  UnsubscribeSchema,
  PingSchema,
  AuthSchema,
]);
export type ClientMessage = v.InferOutput<typeof ClientMessageSchema>;

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
  /** The jobs that it is about. */
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

/** Everything the server may send. */
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
