/** The config schema as editors and people read it: JSON Schema, and Markdown tables of every key. */
import { format } from 'prettier'
import { z } from 'zod'
import { must } from '#base/assert.ts'
import { Config } from '#config/schema.ts'

/** The part of JSON Schema that our schema uses. */
interface Node {
  readonly type?: string
  readonly const?: string
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly description?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: readonly string[]
  readonly items?: Node
  readonly oneOf?: readonly Node[]
}

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/Ms(?:Max)?$/, 'milliseconds'],
  [/Bytes(?:Max|Min|Low)$/, 'bytes'],
  [/DaysMax$/, 'days'],
]

/** The content of `edge-config/schema.json`. */
export async function schemaText(): Promise<string> {
  const schema = { title: 'Configuration of a Holdfast node', ...schemaOf() }
  return format(JSON.stringify(schema), { parser: 'json', printWidth: 100 })
}

/** The tables of `edge-config/README.md`: first the keys at the top, then those of each kind of carrier. */
export async function tables(): Promise<string> {
  const schema = schemaOf() as Node
  const kinds = schema.properties?.['carriers']?.items?.oneOf ?? []
  const parts = [table(schema), ...kinds.map(section)]
  return format(parts.join('\n\n'), { parser: 'markdown', printWidth: 100 })
}

function schemaOf(): object {
  return z.toJSONSchema(Config, { io: 'input' })
}

function section(kind: Node): string {
  const word = kind.properties?.['kind']
  return `### A carrier of kind \`${word?.const}\`\n\n${word?.description}\n\n${table(kind)}`
}

function table(node: Node): string {
  const head = ['| key | meaning | values | default |', '| --- | --- | --- | --- |']
  return [...head, ...rows(node, '')].join('\n')
}

function rows(node: Node, prefix: string): readonly string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    if (key === 'kind') return []
    if (child.type === 'object') return rows(child, `${prefix}${key}.`)
    const isRequired = node.required?.includes(key) ?? false
    const fallback = isRequired ? 'must be set' : shown(child.default)
    const meaning = must(child.description, `the key ${prefix}${key} has a description`)
    return [`| \`${prefix}${key}\` | ${meaning} | ${values(key, child)} | ${fallback} |`]
  })
}

function values(key: string, node: Node): string {
  if (node.enum !== undefined) return node.enum.map((word) => `\`${word}\``).join(', ')
  if (node.type === 'boolean') return '`true`, `false`'
  if (node.type === 'array') return 'list'
  if (node.type !== 'integer') return 'text'
  const unit = UNITS.find(([pattern]) => pattern.test(key))?.[1]
  return `${node.minimum} to ${node.maximum}${unit === undefined ? '' : ` ${unit}`}`
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : `\`${JSON.stringify(value).replaceAll('"', '')}\``
}
