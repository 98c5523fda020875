/** Replaces an installation with one that is always confirmed. */
export const confirmed = {
  confirmed: true,
  whileConfirmed: new AbortController().signal,
  onChange: () => {},
};
