/**
 * What comes in is parsed here, and nowhere behind: bodies, queries and path parts become typed values, or an
 * INPUT_INVALID that names the field, what was found there and what is wanted. What was found is described, not quoted.
 */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import { parseId, type ShortId, type UserId } from '#base/ids.ts'
import type { Call, OpenCall } from './route.ts'

type Issue = z.core.$ZodIssue

/** Any 26-character id, as the kind that is expected there. */
export function idSchema<T extends ShortId>(): z.ZodType<T> {
  return z
    .custom<T>((value) => parseId(value) !== undefined, { error: 'an id of 26 characters' })
    .meta({ type: 'string', minLength: 26, maxLength: 26 })
}

/** An id, or '' for none, as Mattermost writes an absent id. */
export function optionalIdSchema<T extends ShortId>(): z.ZodType<T | undefined> {
  return z.preprocess(
    (value) => (value === '' || value === null ? undefined : value),
    idSchema<T>().optional(),
  )
}

/** The body, parsed. */
export function bodyOf<T>(call: OpenCall, schema: z.ZodType<T>): T {
  return parse('body', schema, call.request.body)
}

/** The query, parsed. */
export function queryOf<T>(call: OpenCall, schema: z.ZodType<T>): T {
  return parse('query', schema, call.request.query)
}

/** The part of the path called `name`, as text. */
export function textParam(call: OpenCall, name: string): string {
  const params = call.request.params as Readonly<Record<string, string>>
  return params[name] ?? ''
}

/** The part of the path called `name`, as an id. */
export function idParam<T extends ShortId>(call: OpenCall, name: string): T {
  const text = textParam(call, name)
  const id = parseId<T>(text)
  if (id !== undefined) return id
  throw new EdgeError('INPUT_INVALID', {
    where: 'path',
    field: name,
    found: describe(text),
    wanted: 'an id of 26 characters',
  })
}

/** The person named in the path; `me` is whoever asks. */
export function userParam(call: Call): UserId {
  return textParam(call, 'user') === 'me' ? call.subject : idParam<UserId>(call, 'user')
}

/** A yes or no in a query. */
export const Flag = z
  .string()
  .default('')
  .transform((word) => word === 'true' || word === '1')

/** A whole number in a query; what clients leave out gets `fallback`. */
export function wholeNumber(fallback: number): z.ZodType<number> {
  return z.coerce
    .number({ error: 'a whole number' })
    .int({ error: 'a whole number' })
    .default(fallback)
}

/** `value` as `schema` wants it. `where` names the part of the request. @throws EdgeError INPUT_INVALID */
export function parse<T>(where: string, schema: z.ZodType<T>, value: unknown): T {
  const outcome = schema.safeParse(value)
  if (outcome.success) return outcome.data
  const issue = outcome.error.issues[0]
  if (issue === undefined) throw new EdgeError('INPUT_INVALID', { where })
  throw new EdgeError('INPUT_INVALID', {
    where,
    field: issue.path.join('.') || where,
    found: describe(valueAt(value, issue.path)),
    wanted: wantedBy(issue),
  })
}

function wantedBy(issue: Issue): string {
  if (issue.code === 'invalid_type') return issue.expected
  if (issue.code === 'too_big') return `at most ${issue.maximum} ${unitOf(issue.origin)}`
  if (issue.code === 'too_small') return `at least ${issue.minimum} ${unitOf(issue.origin)}`
  if (issue.code === 'invalid_value') return `one of ${issue.values.join(', ')}`
  return issue.message
}

function unitOf(origin: string): string {
  if (origin === 'string') return 'characters'
  return origin === 'array' ? 'items' : ''
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Readonly<Record<PropertyKey, unknown>>)[key]
  }
  return at
}

/** What kind of value it is, and how long; never what it says. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') return `text of ${value.length} characters`
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'number') return `the number ${value}`
  return typeof value === 'boolean' ? `${value}` : 'an object'
}
