/** What is known about a server that does not start. */
export interface Failure {
  /** The files it could not use. */
  data: string;
  logFile: string;
  /** Its own last words, one line. */
  says: string | undefined;
  /** How to repair the data, one step a line. */
  repair: readonly string[];
}

/**
 * Tells an operator about a process that ends again and again: which data, its own words, the way to repair them.
 * @param ended what the system says about the last end, e.g. its exit code
 */
export function failureReport(name: string, ended: string, failure: Failure | undefined): string {
  const head = `${name} does not start: it has ended again and again.`;
  if (!failure) return `${head} The last time: ${ended}. Its own output above says why.`;
  const rows = [
    ['it says', failure.says ?? `nothing (${ended})`],
    ['its data', failure.data],
    ['its log', failure.logFile],
  ] as const;
  const table = rows.map(([label, value]) => `    ${label.padEnd(10)}${value}\n`).join('');
  const steps = failure.repair.map((step) => `      ${step}\n`).join('');
  return `${head}\n\n${table}\n    To repair damaged data:\n${steps}`;
}
