/** Readers of what people's devices say: REST bodies, live requests, and the first bytes of a connection. */
import { createServer } from 'node:http'
import { duplexPair } from 'node:stream'
import { bytesFromText, concatBytes, textFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import { answerRequest, doneText, readRequest, refusedText } from '#server/live-requests.ts'
import { readJson } from '#server/json.ts'
import { speakTls } from '#server/tls-front.ts'
import { collectingLog } from '../../../test/support/log.ts'
import { virtualClock } from '../../../test/support/clock.ts'
import { certified, doorTls } from '../../../test/support/tls.ts'
import { openFuzzDoor, type FuzzDoor } from '../door.ts'
import type { Subject, Target } from '../target.ts'

/** Readers of requests. */
export const DOOR_TARGETS: readonly Target[] = [
  { name: 'rest', open: openRest },
  { name: 'live', open: openLive },
  { name: 'body', open: openBodies },
  { name: 'first-byte', open: openFirstBytes },
]

/** A request: method, address, body, and whose session. Words such as `$channel` stand for what is there. */
interface Asked {
  readonly m: string
  readonly u: string
  readonly b?: unknown
  readonly who?: unknown
}

/** All that any body is asked for. */
const EVERYTHING = {
  id: '$post',
  user_id: '$user',
  channel_id: '$channel',
  post_id: '$post',
  root_id: '',
  team_id: '$team',
  message: 'ten boxes',
  emoji_name: 'thumbsup',
  login_id: 'bo',
  password: 'bo-password',
  username: 'chen',
  email: 'chen@example.org',
  name: 'depot',
  display_name: 'Depot',
  type: 'O',
  term: 'o',
  status: 'away',
  category: 'theme',
  value: '{}',
  reason: 'lost',
  user_ids: ['$user'],
  props: {},
}
const PARAMETERS: Readonly<Record<string, string>> = {
  user: '$user',
  channel: '$channel',
  post: '$post',
  team: '$team',
  node: '$node',
  emoji: 'thumbsup',
}
const METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS']

async function openRest(): Promise<Subject> {
  let door = await openFuzzDoor()
  const samples = door.routes
    .filter(({ url }) => !url.endsWith('/logout'))
    .flatMap(({ method, url }) => {
      const u = url.replace(/:(\w+)/g, (_, name: string) => PARAMETERS[name] ?? 'name')
      const bodies = method === 'GET' ? [undefined] : [EVERYTHING, ['$user'], [EVERYTHING]]
      return bodies.map((b) => ({ m: method, u, b, who: 0 }))
    })
  return {
    form: 'json',
    samples: samples.map((asked) => bytesFromText(JSON.stringify(asked))),
    check: (input) => ask(door, input),
    reset: async () => {
      await door[Symbol.asyncDispose]()
      door = await openFuzzDoor()
      return undefined
    },
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  }
}

async function ask(door: FuzzDoor, input: Uint8Array): Promise<string | undefined> {
  const text = textFromBytes(input).replaceAll(
    /\$(?:user|me|channel|post|team|node)/g,
    (word) => door.words[word] ?? word,
  )
  const asked = askedFrom(text)
  if (asked === undefined) return undefined
  const { m, u, b, who } = asked
  const token = door.tokens[who === 1 ? 1 : 0] ?? ''
  const response = await door.app.inject({
    method: m as 'GET',
    url: u,
    headers: {
      authorization: `Bearer ${token}`,
      ...(b === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(b === undefined ? {} : { payload: typeof b === 'string' ? b : JSON.stringify(b) }),
  })
  if (response.statusCode >= 500) return `${m} ${u} is answered with ${response.statusCode}`
  const isJson = response.headers['content-type'] === 'application/json'
  if (isJson) JSON.parse(response.body)
  return undefined
}

function askedFrom(text: string): Asked | undefined {
  try {
    const asked = JSON.parse(text) as Partial<Asked> | null
    if (typeof asked?.m !== 'string' || typeof asked.u !== 'string') return undefined
    const isSendable = METHODS.includes(asked.m) && /^\/[!-~]*$/.test(asked.u)
    return isSendable && URL.canParse(`http://localhost${asked.u}`) ? (asked as Asked) : undefined
  } catch {
    return undefined
  }
}

async function openLive(): Promise<Subject> {
  const door = await openFuzzDoor()
  const { words } = door
  const requests = [
    { action: 'ping', seq: 1 },
    { action: 'user_typing', seq: 2, data: { channel_id: words['$channel'], parent_id: '' } },
    { action: 'user_update_active_status', seq: 3, data: { user_is_active: true } },
    { action: 'get_statuses', seq: 4 },
    { action: 'get_statuses_by_ids', seq: 5, data: { user_ids: [words['$user']] } },
    { action: 'presence', seq: 6, data: {} },
  ]
  return {
    form: 'json',
    samples: requests.map((request) => bytesFromText(JSON.stringify(request))),
    check: (input) => {
      const request = readRequest(textFromBytes(input))
      if (request === undefined) return undefined
      try {
        const asker = { person: words['$me'] as UserId, told: {} }
        JSON.parse(doneText(request, answerRequest(request, asker, door.live)))
      } catch (error) {
        if (!(error instanceof EdgeError)) throw error
        JSON.parse(refusedText(request, error))
      }
      return undefined
    },
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  }
}

/** Text that is no JSON is refused with the place of its mistake, whatever it is. */
async function openBodies(): Promise<Subject> {
  return {
    form: 'json',
    samples: [bytesFromText(JSON.stringify(EVERYTHING)), bytesFromText('[1,{"a":"\\u0041"},null]')],
    check: (input) => {
      try {
        readJson(textFromBytes(input))
      } catch (error) {
        if (!(error instanceof EdgeError)) throw error
      }
      return undefined
    },
  }
}

/** A connection that says these bytes and ends; first plain HTTP, then something like TLS. */
async function openFirstBytes(): Promise<Subject> {
  const http = createServer((_, response) => response.end('well'))
  const clock = virtualClock()
  const close = speakTls(http, await doorTls(await certified()), { clock, log: collectingLog() })
  // A handshake record with the beginning of a ClientHello (RFC 8446 §4.1.2).
  const hello = Uint8Array.of(
    0x16,
    3,
    1,
    0,
    45,
    1,
    0,
    0,
    41,
    3,
    3,
    ...new Uint8Array(32),
    0,
    2,
    0x13,
    1,
    1,
    0,
  )
  return {
    form: 'bytes',
    samples: [
      bytesFromText('GET / HTTP/1.1\r\nHost: alpha\r\nConnection: close\r\n\r\n'),
      hello,
      concatBytes(hello, hello),
    ],
    check: async (input) => {
      const [ours, theirs] = duplexPair()
      ours.on('error', () => undefined).resume()
      theirs.on('error', () => undefined)
      const closed = new Promise((resolve) => theirs.once('close', resolve))
      http.emit('connection', theirs)
      ours.end(input)
      await clock.advance(60_000)
      const ended = await Promise.race([closed, turns(50)])
      if (ended === 'still open') theirs.destroy()
      return undefined
    },
    [Symbol.asyncDispose]: async () => close(),
  }
}

async function turns(count: number): Promise<'still open'> {
  for (let left = count; left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve))
  return 'still open'
}
