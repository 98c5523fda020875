import { find } from './find.ts';
import { element } from './element.ts';
import { renderMessages, type AsyncApi } from './messages.ts';
import { renderOperation, type OpenApi, type Operation } from './operations.ts';

const PUSH = { name: 'push', description: 'The messages of the WebSocket /ws, in both directions.' };

/** Reads a file beside the page. @throws with words for a person */
async function load<T>(path: string): Promise<T> {
  const response = await fetch(new URL(path, document.baseURI));
  if (!response.ok) throw new Error(`The server sent ${response.status} for ${path}. Reload the page.`);
  return (await response.json()) as T;
}

/** Lists the operations of a group with their method and path. */
function operationsOf(api: OpenApi, group: string): [string, string, Operation][] {
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { tags }]) => tags.includes(group))
      .map(([method, operation]): [string, string, Operation] => [method, path, operation]),
  );
}

async function show(): Promise<void> {
  const [api, push] = await Promise.all([load<OpenApi>('openapi.json'), load<AsyncApi>('asyncapi.json')]);
  const contents = find(document, '#contents', HTMLElement);
  const groups = find(document, '#groups', HTMLElement);
  // The server may stand below a proxy's prefix.
  const server = new URL('.', document.baseURI).href.replace(/\/$/, '');
  const parts = [
    ...api.tags.map((tag) => ({
      ...tag,
      items: operationsOf(api, tag.name).map((one) => renderOperation(...one, api, server)),
    })),
    { ...PUSH, items: renderMessages(push) },
  ];
  for (const { name, description, items } of parts) {
    contents.append(element('a', { href: `#${name}` }, name));
    groups.append(
      element('section', { class: 'panel', id: name }, [
        element('h2', {}, name),
        element('p', {}, description),
        ...items,
      ]),
    );
  }
  // The browser has looked for the element of the address before it existed.
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

const status = find(document, '#status', HTMLElement);
show().then(
  () => status.remove(),
  (error: unknown) => (status.textContent = error instanceof Error ? error.message : String(error)),
);
