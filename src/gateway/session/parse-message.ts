import * as v from 'valibot';

import type { PushErrorCode } from '../../contract/error-codes.ts';
import {
  CHANNELS,
  ClientMessageSchema,
  MAX_MESSAGE_BYTES,
  REQUESTS,
  type ClientMessage,
  type ServerMessage,
} from '../../contract/messages.ts';
import { WholeNumberSchema } from '../../contract/scalars.ts';
import { nearestName } from '../../spelling/nearest-name.ts';
import { wellFormed } from '../../well-formed.ts';

/** Most of a client's own text that a refusal repeats, in code points. */
const SHOWN = 64;
/** Longest reason of a misshapen message, in code points. It may repeat the client's text. */
const LONGEST_REASON = 200;

/** Stops at the first fault. A message of 64 KiB may hold 32,000 faults, which take a second to collect. */
const FIRST_FAULT = { abortEarly: true };

/** A message that the protocol does not know. The session goes on after it. */
export interface RefusedMessage {
  type: 'refused';
  /** Response to it. It has the `id` of the message, if that is valid. */
  error: ServerMessage;
}

/** Parses a frame of a client. */
export function parseMessage(data: Buffer, isBinary: boolean): ClientMessage | RefusedMessage {
  // Without a look inside, because parsing would take long.
  if (data.length > MAX_MESSAGE_BYTES)
    return refuse(
      undefined,
      'message_too_large',
      `The message has ${data.length} bytes. Send at most ${MAX_MESSAGE_BYTES} at once.`,
    );
  if (isBinary) return refuse(undefined, 'invalid_message', 'The message is binary. Send JSON as text.');
  let value: unknown;
  try {
    value = JSON.parse(data.toString());
  } catch {
    return refuse(undefined, 'invalid_message', 'The message is not valid JSON.');
  }
  const parsed = v.safeParse(ClientMessageSchema, value, FIRST_FAULT);
  return parsed.success ? parsed.output : explain(value);
}

type MessageSchema = v.GenericSchema & { entries: object };
const BY_CHANNEL: Readonly<Record<string, MessageSchema>> = CHANNELS;
const BY_TYPE: Readonly<Record<string, MessageSchema>> = REQUESTS;

/** Finds the fault of a message. */
function explain(value: unknown): RefusedMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(undefined, 'invalid_message', 'The message must be a JSON object.');
  const { id: named, type, channel } = value as Record<string, unknown>;
  const id = v.is(WholeNumberSchema, named) ? named : undefined;
  const kind = type === 'subscribe' ? 'channel' : 'type';
  const name = kind === 'channel' ? channel : type;
  if (typeof name !== 'string')
    return refuse(id, 'invalid_message', `The message has no ${kind}. Add one as text.`);
  const schemas = kind === 'channel' ? BY_CHANNEL : BY_TYPE;
  const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
  if (!schema) {
    const known = [...(kind === 'type' ? ['subscribe'] : []), ...Object.keys(schemas)];
    return refuse(id, `unknown_${kind}`, unknown(kind, name, known));
  }
  const field = Object.keys(value).find((key) => !Object.hasOwn(schema.entries, key));
  if (field !== undefined)
    return refuse(id, 'unknown_field', unknown('field', field, Object.keys(schema.entries)));
  const [issue] = v.safeParse(schema, value, FIRST_FAULT).issues ?? [];
  const path = (issue && v.getDotPath(issue)) ?? 'message';
  const reason = issue?.message ?? 'does not fit the protocol.';
  return refuse(id, 'invalid_message', `${wellFormed(path, SHOWN)}: ${wellFormed(reason, LONGEST_REASON)}`);
}

function refuse(id: number | undefined, code: PushErrorCode, detail: string): RefusedMessage {
  return { type: 'refused', error: { type: 'error', ...(id !== undefined && { id }), code, detail } };
}

/** Words the refusal of an unknown name. It names the known name that is close, or all known ones. */
function unknown(kind: 'type' | 'channel' | 'field', name: string, known: string[]): string {
  const meant = nearestName(name, known);
  const advice = meant === undefined ? `Use one of: ${known.join(', ')}.` : `Use "${meant}".`;
  return `"${wellFormed(name, SHOWN)}" is no ${kind} of the protocol. ${advice}`;
}
