import * as v from 'valibot';

/** Settings that the server sends its web page. */
export const SettingsSchema = v.object({
  /** Address of the gateway, if it is not at `ws` beside the page. */
  gateway_url: v.optional(v.string()),
});
export type Settings = v.InferOutput<typeof SettingsSchema>;
