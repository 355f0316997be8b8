/**
 * A kit on a small disk of its own, and its hub on another: `full-disk-program KIT_FOLDER HUB_FOLDER`. The disk of the kit
 * is filled up to below its reserve, then to the last byte, then made free again. What real processes said meanwhile is told on
 * standard output as one line of JSON.
 */
import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { must } from '#base/assert.ts'
import { localUrl, readRunNote } from '#config/run-note.ts'
import {
  eventually,
  freePort,
  holdfast,
  holdfastJson,
  initNode,
  startNode,
} from '../e2e/processes.ts'

/** What people saw at one moment. */
export interface Moment {
  readonly post: { readonly status: number; readonly text: string }
  readonly command: { readonly code: number | null; readonly error: string }
  readonly reads: readonly string[]
  readonly isStreamOpen: boolean
  readonly disk: string
  readonly doctor: string
}

/** All moments, and what came of it. */
export interface FullDiskReport {
  readonly low: Moment
  readonly full: Moment
  readonly toTheLastByte: Moment
  readonly atLast: { readonly onKit: readonly string[]; readonly onHub: readonly string[] }
}

const RESERVE_BYTES = 4_000_000
const LOW_BYTES = 12_000_000

const [kitFolder = '', hubFolder = ''] = process.argv.slice(2)
const [kit, hub] = [join(kitFolder, 'kit'), join(hubFolder, 'hub')]
const ends: (() => Promise<unknown>)[] = []
const ending = { teardown: () => undefined } as unknown as Parameters<typeof startNode>[0]

const hubPort = await freePort()
await initNode(hub, { name: 'alpha', role: 'hub', port: hubPort })
await start(hub)
const { code, at } = (await holdfastJson('invite', '--data', hub)) as Record<string, string>
const here = ['--name', 'bravo', '--host', '127.0.0.1', '--port', String(await freePort())]
await holdfastJson('join', `${at}`, `${code}`, ...here, '--data', kit)
limitRoom()
await start(kit)
const note = must(await readRunNote(kit), 'a node that runs leaves a note')
const url = localUrl(note)
const authorization = `Bearer ${note.token}`
const stream = new WebSocket(`${url.replace('http', 'ws')}/api/v4/websocket`, {
  headers: { authorization },
})
await holdfastJson('post', 'town-square', 'before', '--data', kit)
await eventually(async () => ((await texts(hub)).includes('before') ? true : undefined))

leaveFree((RESERVE_BYTES + LOW_BYTES) / 2, 'first')
const low = await moment('low', 'while low')
leaveFree(RESERVE_BYTES / 2, 'second')
await noticed('full')
await holdfastJson('post', 'town-square', 'from the hub', '--data', hub)
const full = await moment('full', 'while full')
fillUp('third')
const toTheLastByte = await moment('full', 'with no room')
for (const name of ['first', 'second', 'third']) rmSync(join(kitFolder, name), { force: true })
const after = await eventually(async () => {
  const { code: ended } = await holdfast('post', 'town-square', 'after', '--data', kit)
  return ended === 0 ? true : undefined
})
const wanted = ['before', 'while low', 'from the hub', 'after']
const isThere = async (data: string): Promise<true | undefined> => {
  const found = await texts(data)
  return wanted.every((text) => found.includes(text)) ? true : undefined
}
await eventually(() => isThere(kit))
await eventually(() => isThere(hub))
const atLast = { onKit: await texts(kit), onHub: await texts(hub) }
const report: FullDiskReport = { low, full, toTheLastByte, atLast }
if (after) process.stdout.write(`${JSON.stringify(report)}\n`)
stream.terminate()
for (const end of ends) await end()

async function start(data: string): Promise<void> {
  const node = await startNode(ending, '--data', data)
  ends.push(() => node.end('SIGTERM'))
}

function limitRoom(): void {
  const file = join(kit, 'config.json')
  const config = JSON.parse(readFileSync(file, 'utf8')) as object
  const disk = { freeBytesMin: RESERVE_BYTES, freeBytesLow: LOW_BYTES }
  writeFileSync(file, JSON.stringify({ ...config, disk }))
}

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(kitFolder)
  return bavail * bsize
}

function leaveFree(bytes: number, name: string): void {
  writeFileSync(join(kitFolder, name), new Uint8Array(Math.max(0, freeBytes() - bytes)))
}

/** Takes what is left, page by page. */
function fillUp(name: string): void {
  const file = join(kitFolder, name)
  try {
    for (;;) writeFileSync(file, new Uint8Array(4_096), { flag: 'a' })
  } catch {
    // Nothing is left.
  }
}

/** The node looks now and then, and what it takes in before it has looked it takes in. */
async function noticed(state: string): Promise<void> {
  await eventually(async () => ((await statusOf()).disk.state === state ? true : undefined))
}

/** Tries everything once the node has noticed how much room there is. */
async function moment(state: string, text: string): Promise<Moment> {
  await noticed(state)
  const [channel] = (await ask('GET', '/api/v4/users/me/channels')).ids
  const post = await ask('POST', '/api/v4/posts', { channel_id: channel, message: text })
  const command = await holdfast('post', 'town-square', `${text}, by command`, '--data', kit)
  const { out: doctor } = await holdfast('doctor', '--data', kit)
  return {
    post: { status: post.status, text: post.text },
    command: { code: command.code, error: command.error },
    reads: await texts(kit),
    isStreamOpen: await isOpen(),
    disk: (await holdfast('status', '--data', kit)).out,
    doctor,
  }
}

async function statusOf(): Promise<{ readonly disk: { readonly state: string } }> {
  return JSON.parse((await ask('GET', '/api/holdfast/v1/status')).text)
}

async function ask(method: string, path: string, body?: object) {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  const list: unknown = answer.ok ? JSON.parse(text) : []
  const ids = Array.isArray(list) ? list.map((each) => String(Reflect.get(Object(each), 'id'))) : []
  return { status: answer.status, text, ids }
}

/** Whether the stream of events answers a ping. */
async function isOpen(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  stream.once('pong', () => resolve(true))
  stream.once('close', () => resolve(false))
  if (stream.readyState !== WebSocket.OPEN) return false
  stream.ping()
  return promise
}

async function texts(data: string): Promise<readonly string[]> {
  const messages = (await holdfastJson('read', '--data', data)) as readonly { text: string }[]
  return messages.map(({ text }) => text)
}
