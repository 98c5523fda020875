/** Stands in for an installation whose stores belong together, for good. */
export const confirmed = {
  confirmed: true,
  whileConfirmed: new AbortController().signal,
  onChange: () => {},
};
