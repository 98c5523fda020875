import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
/** A fenced block, or code within a line. Neither holds links. */
const CODE = /^```[\s\S]*?^```|`[^`\n]*`/gm;
const LINK = /\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g;
const HEADING = /^#{1,6} +(.*)$/gm;

/** Returns the anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of page.replace(/^```[\s\S]*?^```/gm, '').matchAll(HEADING)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Returns what is wrong with a page's relative links. Links to other sites are not followed. */
function faultsOf(file: string): string[] {
  const links = readFileSync(file, 'utf8').replace(CODE, '').matchAll(LINK);
  return [...links].flatMap(([, link = '']) => {
    if (/^[a-z]+:/i.test(link)) return [];
    const [path = '', anchor] = decodeURI(link).split('#');
    const target = path === '' ? file : join(dirname(file), path);
    if (!existsSync(target)) return [`${relative(ROOT, file)}: no file for the link ${link}`];
    if (anchor === undefined || anchorsOf(readFileSync(target, 'utf8')).has(anchor)) return [];
    return [`${relative(ROOT, file)}: no heading for the link ${link}`];
  });
}

const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
});
const pages = listed.split('\n').filter((name) => name !== '' && existsSync(join(ROOT, name)));
const faults = pages.flatMap((name) => faultsOf(join(ROOT, name)));
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
