/** Head of a mail. */
export const HEAD = 'Message-ID: <1@x.test>\r\nFrom: a@x.test\r\nSubject: Outer\r\nMIME-Version: 1.0\r\n';

interface Part {
  type?: string;
  name: string;
  content: Uint8Array | string;
}

/** A mail with attachments, each sent as bytes of an unknown kind unless it says its own. */
export function mailWith(parts: readonly Part[], words = 'Outer words.', head = HEAD): string {
  const attached = parts.map(
    ({ type = 'application/octet-stream', name, content }) =>
      `--b\r\nContent-Type: ${type}\r\nContent-Disposition: attachment; filename="${name}"\r\n` +
      `Content-Transfer-Encoding: base64\r\n\r\n${Buffer.from(content).toString('base64')}\r\n`,
  );
  const text = `--b\r\nContent-Type: text/plain\r\n\r\n${words}\r\n`;
  return `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n${text}${attached.join('')}--b--\r\n`;
}

/** A boundary in a boundary needs another name. */
export const inner = (mail: string, name: string) =>
  mail.replaceAll('boundary=b', `boundary=${name}`).replaceAll('--b', `--${name}`);
