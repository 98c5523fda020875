import * as v from 'valibot';

import { JobSchema } from './job.ts';

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
  originForbidden: 4403,
  /** `?job=` only: there is no such job. */
  unknownJob: 4404,
} as const;

const Id = v.pipe(v.number(), v.integer(), v.minValue(0));
const JobId = v.pipe(v.string(), v.minLength(1), v.maxLength(128));

export const SubscribeJobsSchema = v.object({
  type: v.literal('subscribe'),
  id: Id,
  jobs: v.pipe(v.array(JobId), v.minLength(1), v.maxLength(1000)),
});
export const SubscribeChannelSchema = v.object({
  type: v.literal('subscribe'),
  id: Id,
  channel: v.literal('active'),
});
export const UnsubscribeSchema = v.object({ type: v.literal('unsubscribe'), id: Id });
export const PingSchema = v.object({ type: v.literal('ping') });

/** Everything a client may send. */
export const ClientMessageSchema = v.union([
  SubscribeJobsSchema,
  SubscribeChannelSchema,
  UnsubscribeSchema,
  PingSchema,
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
  id: Id,
  jobs: v.array(JobSchema),
  more: v.boolean(),
});
export const UpdateSchema = v.object({ type: v.literal('update'), jobs: v.array(JobSchema) });
export const GoneSchema = v.object({ type: v.literal('gone'), id: Id, jobs: v.array(v.string()) });
export const ErrorMessageSchema = v.object({
  type: v.literal('error'),
  id: v.optional(Id),
  code: v.string(),
  detail: v.string(),
});
export const PongSchema = v.object({ type: v.literal('pong') });

/** Everything the server may send. */
export const ServerMessageSchema = v.variant('type', [
  WelcomeSchema,
  SnapshotSchema,
  UpdateSchema,
  GoneSchema,
  ErrorMessageSchema,
  PongSchema,
]);
export type ServerMessage = v.InferOutput<typeof ServerMessageSchema>;
