import { element, prose } from './element.ts';
import { renderSchema, type Schema } from './schema.ts';

interface Body {
  content?: Record<string, { schema?: Schema }>;
}

/** An operation of the OpenAPI document, as the server writes it. */
export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: Body;
  responses: Record<string, Body & { description: string }>;
  'x-codeSamples'?: { label: string; source: string }[];
}

export interface OpenApi {
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** Address in the samples of the document. */
const SAMPLE_SERVER = 'http://localhost:8080';

/** Shows an operation. It opens on demand. @param server address for the samples */
export function renderOperation(
  method: string,
  path: string,
  operation: Operation,
  { components }: OpenApi,
  server: string,
): HTMLElement {
  const { schemas } = components;
  const { summary, description, parameters = [], requestBody, responses } = operation;
  const part = (title: string, ...content: HTMLElement[]) =>
    content.length === 0 ? [] : [element('h4', {}, title), ...content];
  const fields: Schema = {
    properties: Object.fromEntries(
      parameters.map(({ name, in: place, schema }) => [`${name} (${place})`, schema]),
    ),
    required: parameters
      .filter(({ required }) => required)
      .map(({ name, in: place }) => `${name} (${place})`),
  };
  const samples = (operation['x-codeSamples'] ?? []).map(({ label, source }) =>
    renderSample(label, source.replaceAll(SAMPLE_SERVER, server)),
  );
  return element('details', { class: 'operation', id: operation.operationId }, [
    element('summary', {}, [
      element('span', { class: `method method-${method}` }, method.toUpperCase()),
      element('code', {}, path),
      element('span', { class: 'about' }, summary),
    ]),
    ...(description === undefined ? [] : [prose(description)]),
    ...part('Try it', ...samples),
    ...part('Parameters', ...(parameters.length === 0 ? [] : [renderSchema(fields, schemas)])),
    ...part('Body', ...renderBody(requestBody, schemas)),
    ...part(
      'Responses',
      ...Object.entries(responses).flatMap(([status, response]) => [
        element('p', {}, [element('strong', {}, status), ' ', ...prose(response.description).childNodes]),
        // Every refusal has the same shape.
        ...(Number(status) >= 400 ? [] : renderBody(response, schemas)),
      ]),
    ),
  ]);
}

function renderBody(body: Body | undefined, schemas: Record<string, Schema>): HTMLElement[] {
  return Object.entries(body?.content ?? {}).flatMap(([type, { schema }]) => [
    element('p', { class: 'type' }, type),
    ...(schema ? [renderSchema(schema, schemas)] : []),
  ]);
}

/** Shows code, and a button that copies it. */
function renderSample(label: string, source: string): HTMLElement {
  const copy = element('button', { type: 'button', class: 'button' }, 'Copy');
  copy.addEventListener('click', () => {
    navigator.clipboard.writeText(source).then(
      () => (copy.textContent = 'Copied'),
      () => (copy.textContent = 'The browser does not allow it'),
    );
  });
  return element('figure', {}, [
    element('figcaption', {}, [label, copy]),
    element('pre', { tabindex: '0' }, [element('code', {}, source)]),
  ]);
}
