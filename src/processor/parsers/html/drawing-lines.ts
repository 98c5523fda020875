/** Returns whether an element of a drawing begins a new line of words. */
export function startsLine(name: string, attributes: ReadonlyMap<string, string>): boolean {
  return name === 'text' || (name === 'tspan' && (attributes.has('y') || attributes.has('dy')));
}
