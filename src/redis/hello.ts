/** What Redis says of itself. An account needs no permission to ask. */
export interface Hello {
  /** `standalone`, `sentinel` or `cluster`. */
  mode: string | undefined;
  /** `master` or `replica`. */
  role: string | undefined;
}

/** Reads the response to `HELLO`: names and values in turn. */
export function readHello(response: unknown): Hello {
  const words = response as unknown[];
  const after = (name: string) => {
    const at = words.indexOf(name);
    return at < 0 ? undefined : String(words[at + 1]);
  };
  return { mode: after('mode'), role: after('role') };
}
