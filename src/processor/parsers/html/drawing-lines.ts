/** Returns whether a new line of words begins in a drawing. */
export function startsLine(name: string, attributes: ReadonlyMap<string, string>): boolean {
  return name === 'text' || (name === 'tspan' && (attributes.has('y') || attributes.has('dy')));
}
