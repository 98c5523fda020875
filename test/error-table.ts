import { ERROR_CODES, type ErrorCode } from '../src/contract/error-codes.ts';

const HEAD = `# Errors

Every stable code. \`error-codes.ts\` is the source of this page. A test compares both, and prints the table.

- **HTTP** is the status of a response of the API. Its body is a problem (RFC 9457) with the code.
- **Processor** is the status of a processor's response. A job then carries the code as its \`error_code\`.
- **Job** marks codes that Sluice itself writes as \`error_code\`. Where the job waits, only the log has the code.
- **Push** marks codes of an \`error\` message.

A job also carries \`http_\` and the status of a processor's response without a code. A
[processor of your own](services/processor.md#errors) may have codes of its own. Clients MUST accept codes that they do not know.

| code | HTTP | processor | job | push | meaning | what to do |
|---|---|---|---|---|---|---|
`;

interface Entry {
  http?: readonly [number, string];
  document?: string;
  processor?: readonly [number, string];
  job?: string;
  push?: string;
  action: string;
}

/** Renders the page of every error code, in Markdown. */
export function errorPage(): string {
  const rows = (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => {
    const { http, document, processor, job, push, action }: Entry = ERROR_CODES[code];
    const words = [http?.[1], document, processor?.[1], job, push].filter((text) => text !== undefined);
    const meanings = new Set(words.map((text) => text.replace(/\.?$/, '.')));
    const mark = (text: string | undefined) => (text === undefined ? '' : 'yes');
    const cells = [
      http?.[0] ?? '',
      document === undefined ? (processor?.[0] ?? '') : 422,
      mark(job),
      mark(push),
      [...meanings].join(' '),
      action,
    ];
    return `| \`${code}\` | ${cells.join(' | ')} |`;
  });
  return `${HEAD}${rows.join('\n')}\n`;
}
