/** Facts from `HELLO`, which every account may call. */
export interface Hello {
  /** `standalone`, `sentinel` or `cluster`. */
  mode: string | undefined;
  /** `master` or `replica`. */
  role: string | undefined;
}

/** Parses the response to `HELLO`: alternating names and values. */
export function readHello(response: unknown): Hello {
  const words = response as unknown[];
  const after = (name: string) => {
    const at = words.indexOf(name);
    return at < 0 ? undefined : String(words[at + 1]);
  };
  return { mode: after('mode'), role: after('role') };
}
