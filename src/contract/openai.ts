import * as v from 'valibot';

import { MAX_EMBED_TEXT_CHARS } from './services/processor.ts';
import { WholeNumberSchema } from './scalars.ts';

/** Shapes of the routes under `/v1`. They are OpenAI's, so that its clients work with Sluice. */

/** Most texts in one request. LangChain sends 512 at once by default. */
const MAX_TEXTS = 512;

const TextSchema = v.pipe(
  v.string(),
  v.minLength(1, 'a text must not be empty'),
  v.maxLength(MAX_EMBED_TEXT_CHARS, `a text has at most ${MAX_EMBED_TEXT_CHARS} characters`),
);

const TextsSchema = v.pipe(
  v.array(v.unknown()),
  v.maxLength(MAX_TEXTS),
  // Comes after the count, because checking two million texts takes a second.
  v.array(TextSchema),
  v.minLength(1, 'a list must hold a text'),
);

const NO_TEXTS = 'must be a text, or a list of texts';
/** Some clients of LangChain send tokens, as OpenAI's own models take them. */
const TOKENS =
  'holds tokens. Send texts. In LangChain for Python, set check_embedding_ctx_length=False on OpenAIEmbeddings.';

/** Says why an input is neither a text nor a list of texts. */
function faultOf(input: unknown): string {
  if (!Array.isArray(input)) return NO_TEXTS;
  const first: unknown = input[0];
  if (typeof first === 'number' || Array.isArray(first)) return TOKENS;
  return input.length > MAX_TEXTS ? `a list holds at most ${MAX_TEXTS} texts` : NO_TEXTS;
}

/** As for OpenAI, null stands for an absent field, because some clients send null for settings that they lack. */
export const EmbeddingsRequestSchema = v.object({
  /** Name of the processor's present model. A collection lists the names of its models. */
  model: v.pipe(v.string(), v.minLength(1)),
  input: v.pipe(
    v.union([TextSchema, TextsSchema], ({ input }) => faultOf(input)),
    // Embedding services refuse a lone surrogate.
    v.transform((input) => [input].flat().map((text) => text.toWellFormed())),
  ),
  /** `base64` holds little-endian 32-bit floats. */
  encoding_format: v.pipe(
    v.nullish(v.picklist(['float', 'base64'])),
    v.transform((format) => format ?? 'float'),
  ),
  /** Length of the vectors. Only the model's own is possible. */
  dimensions: v.pipe(
    v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1))),
    v.transform((length) => length ?? undefined),
  ),
  /** OpenAI's clients may send it. Sluice does not use it. */
  user: v.nullish(v.string()),
});

/** Sluice counts no tokens, so both numbers are 0. */
const UsageSchema = v.object({ prompt_tokens: WholeNumberSchema, total_tokens: WholeNumberSchema });

export const EmbeddingsResponseSchema = v.object({
  object: v.literal('list'),
  data: v.array(
    v.object({
      object: v.literal('embedding'),
      index: WholeNumberSchema,
      embedding: v.union([v.array(v.number()), v.string()]),
    }),
  ),
  model: v.string(),
  usage: UsageSchema,
});
export type EmbeddingsResponse = v.InferOutput<typeof EmbeddingsResponseSchema>;

export const ModelListSchema = v.object({
  object: v.literal('list'),
  data: v.array(
    v.object({
      id: v.string(),
      object: v.literal('model'),
      /** Always 0, because Sluice does not know when a model was made. */
      created: WholeNumberSchema,
      owned_by: v.literal('sluice'),
    }),
  ),
});
export type ModelList = v.InferOutput<typeof ModelListSchema>;

/** The body of every refusal under `/v1`. `code` is Sluice's own. */
export const OpenAiErrorSchema = v.object({
  error: v.object({
    message: v.string(),
    type: v.picklist(['invalid_request_error', 'rate_limit_error', 'server_error']),
    /** Always null. The message names the field. */
    param: v.null(),
    code: v.string(),
  }),
});
export type OpenAiError = v.InferOutput<typeof OpenAiErrorSchema>;
