/** Returns whether an error says that another program stored another type under one of our names. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}
