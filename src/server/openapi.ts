/** The table of routes as an OpenAPI document: addresses and who may ask from the table, inputs from what checks them. */
import { z } from 'zod'
import type { Route } from './route.ts'

/** What is said of one address. */
export interface RouteWords {
  readonly summary: string
  readonly body?: z.ZodType
  readonly query?: z.ZodType
  /** Content type of the body; JSON unless given. */
  readonly takes?: string
  /** Content type of the answer; JSON unless given. */
  readonly gives?: string
  /** Status of a good answer; 200 unless given. */
  readonly status?: number
}

/** What is said of each, by `METHOD /address/:part`. */
export type WordsByRoute = Readonly<Record<string, RouteWords>>

/** One operation, as far as we make it. */
export interface Operation {
  readonly summary: string
  readonly security: readonly object[]
  readonly parameters?: readonly object[]
  readonly requestBody?: { readonly content: Readonly<Record<string, object>> }
  readonly responses: Readonly<Record<string, object>>
}

/** OpenAPI 3.1, as far as we make it. */
export interface OpenApi {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: object
}

const JSON_TYPE = 'application/json'

/** The key of a route among the words. */
function keyOf({ method, url }: Pick<Route, 'method' | 'url'>): string {
  return `${method} ${url}`
}

/** The document of these routes. A route of which nothing is said stands there by its address. */
export function openApiOf(routes: readonly Route[], words: WordsByRoute, version: string): OpenApi {
  const paths: Record<string, Record<string, Operation>> = {}
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}')
    const said = words[keyOf(route)] ?? { summary: route.url }
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, said) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version,
      description:
        'What a node answers beside the addresses of Mattermost. A session comes by the same sign-in, as a bearer token or a cookie.',
    },
    paths,
    components: {
      securitySchemes: { session: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: ERROR },
    },
  }
}

/** Every refusal has this form, which is Mattermost's. */
const ERROR = {
  type: 'object',
  required: ['id', 'message', 'detailed_error', 'request_id', 'status_code'],
  properties: {
    id: { type: 'string' },
    message: { type: 'string' },
    detailed_error: { type: 'string' },
    request_id: { type: 'string' },
    status_code: { type: 'integer' },
  },
}

function operationOf(route: Route, words: RouteWords): Operation {
  const { summary, body, takes, gives = JSON_TYPE, status = 200 } = words
  const parameters = [...pathParametersOf(route.url), ...queryParametersOf(words.query)]
  const refused = { $ref: '#/components/schemas/Error' }
  return {
    summary,
    security: route.access === 'open' ? [] : [{ session: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...((body !== undefined || takes !== undefined) && {
      requestBody: {
        content: { [takes ?? JSON_TYPE]: body === undefined ? {} : { schema: schemaOf(body) } },
      },
    }),
    responses: {
      [status]: { description: 'Done.', content: { [gives]: {} } },
      default: { description: 'Refused.', content: { [JSON_TYPE]: { schema: refused } } },
    },
  }
}

function pathParametersOf(url: string): readonly object[] {
  return [...url.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParametersOf(query: z.ZodType | undefined): readonly object[] {
  if (query === undefined) return []
  const { properties = {}, required = [] } = schemaOf(query)
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

/** What a client has to send, before anything is read into it. */
function schemaOf(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}
