/** True for what Redis answers where another program has put something of another type under a name of ours. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}
