/**
 * What programs post by a webhook, in the words of Mattermost or Slack: text, attachments, blocks; as JSON, or as a form
 * whose field `payload` is JSON.
 */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import { parse } from '#server/input.ts'
import { readJson } from '#server/json.ts'

interface Look {
  readonly channel: string
  readonly username: string
  readonly iconUrl: string
  readonly iconEmoji: string
  readonly props: Readonly<Record<string, unknown>>
}

/** A post by a program, in our words. */
export interface HookPayload extends Look {
  readonly text: string
  readonly attachments: readonly Readonly<Record<string, unknown>>[]
  readonly priority: 'urgent' | 'important' | ''
  readonly asksAcknowledgement: boolean
}

const Attachment = z.record(z.string(), z.unknown())
const Payload = z.object({
  text: z.string().nullish(),
  channel: z.string().max(128).nullish(),
  username: z.string().max(64).nullish(),
  icon_url: z.string().max(1_024).nullish(),
  icon_emoji: z.string().max(64).nullish(),
  attachments: z.array(Attachment.nullable()).max(50).nullish(),
  blocks: z.array(z.unknown()).max(100).nullish(),
  props: z.record(z.string(), z.unknown()).nullish(),
  priority: z
    .object({
      priority: z.enum(['urgent', 'important', '']).default(''),
      requested_ack: z.boolean().nullish(),
    })
    .nullish(),
})

/** How forms are sent; their bodies are handed on as text. */
export const FORM_TYPE = 'application/x-www-form-urlencoded'

/** The payload of a body, by its type. @throws EdgeError INPUT_INVALID */
export function readPayload(body: unknown, contentType: string | undefined): HookPayload {
  const isForm = contentType?.toLowerCase().startsWith(FORM_TYPE) === true
  const payload = parse('payload', Payload, isForm ? inForm(String(body)) : body)
  const blocks = (payload.blocks ?? []).flatMap(textOfBlock)
  const text = plain(textFrom(payload.text ?? '', blocks))
  const attachments = (payload.attachments ?? []).filter((one) => one !== null)
  if (text.trim() === '' && attachments.length === 0)
    throw new EdgeError('INPUT_INVALID', {
      field: 'text',
      found: 'no text and no attachment',
      wanted: 'one of them',
    })
  return {
    text,
    ...lookOf(payload),
    attachments: attachments.map(plainAttachment),
    priority: payload.priority?.priority ?? '',
    asksAcknowledgement: payload.priority?.requested_ack === true,
  }
}

/** Blocks say the same as the text that stands beside them for clients without blocks. */
function textFrom(said: string, blocks: readonly string[]): string {
  return said.trim() === '' ? blocks.join('\n') : said
}

function lookOf(payload: z.infer<typeof Payload>): Look {
  return {
    channel: payload.channel ?? '',
    username: payload.username ?? '',
    iconUrl: payload.icon_url ?? '',
    iconEmoji: payload.icon_emoji ?? '',
    props: payload.props ?? {},
  }
}

/** Many programs post JSON under a form's type: what begins like JSON is read as that. */
function inForm(text: string): unknown {
  const json = /^\s*[{[]/.test(text) ? text : (new URLSearchParams(text).get('payload') ?? '')
  return readJson(json)
}

/** Slack's marks for links and calls, as Markdown has them. No mark holds another `<`, so that time grows with the text alone. */
function plain(text: string): string {
  return text
    .replace(/<!(channel|here|all|everyone)(?:\|[^<>]*)?>/g, (_, word: string) =>
      word === 'everyone' ? '@all' : `@${word}`,
    )
    .replace(/<((?:https?|mailto|tel):[^|<>\s]+)\|([^<>]*)>/g, '[$2]($1)')
    .replace(/<((?:https?|mailto|tel):[^|<>\s]+)>/g, '$1')
}

const TEXTS = ['text', 'pretext', 'fallback', 'title', 'footer', 'author_name'] as const

function plainAttachment(
  attachment: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const texts = TEXTS.flatMap((name) => {
    const value = attachment[name]
    return typeof value === 'string' ? [[name, plain(value)] as const] : []
  })
  const { fields } = attachment
  const list = Array.isArray(fields) ? fields.flatMap(plainField) : undefined
  return { ...attachment, ...Object.fromEntries(texts), ...(list && { fields: list }) }
}

/** A field's value may be anything; clients want text. */
function plainField(field: unknown): readonly object[] {
  if (typeof field !== 'object' || field === null) return []
  const { title, value, short } = field as Readonly<Record<string, unknown>>
  return [
    {
      title: textOfValue(title),
      value: plain(textOfValue(value)),
      short: short === true || short === 'true',
    },
  ]
}

function textOfValue(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

/** Slack's blocks: their text, line by line. What has none is left out. */
function textOfBlock(block: unknown): readonly string[] {
  if (typeof block !== 'object' || block === null) return []
  const { type, text, fields, elements } = block as Readonly<Record<string, unknown>>
  if (type === 'divider') return ['---']
  const own = textIn(text).map((line) => (type === 'header' ? `#### ${line}` : line))
  const more = [fields, elements].flatMap((list) =>
    Array.isArray(list) ? list.flatMap(textIn) : [],
  )
  return [...own, ...more].map(fromMrkdwn)
}

function textIn(part: unknown): readonly string[] {
  if (typeof part === 'string') return [part]
  if (typeof part !== 'object' || part === null) return []
  const { text } = part as Readonly<Record<string, unknown>>
  return textIn(text)
}

/** Slack writes bold with one star. */
function fromMrkdwn(line: string): string {
  return line.replace(/(^|[\s(])\*([^*\n]+)\*(?=$|[\s).,:;!?])/g, '$1**$2**')
}
