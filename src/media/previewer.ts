/**
 * Looks at files in a process of their own, one at a time: a decoder meets what anybody may have made to break it. The process gets
 * the bytes on its standard input and nothing else: no environment, no right to write or to start anything, and so much time and memory.
 * What does not end by itself is killed; then there is no preview, and nobody else notices.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { PREVIEW_NUMBER_MAX, type Preview } from '#model/preview.ts'
import { SMALL_BYTES_MAX } from '#base/limits.ts'
import type { Log } from '#ports/log.ts'
import type { Look, LookedAt, Previewer } from '#ports/previewer.ts'
import { HEAD_BYTES, kindOf, type Kind } from './kind.ts'
import {
  LOOK_ANSWER_BYTES_MAX,
  LOOK_MEMORY_BYTES,
  LOOK_MS,
  LOOK_WATCH_MS,
  LOOKED_BYTES_MAX,
  LOOKS_WAITING_MAX,
} from './limits.ts'

/** What a previewer may be told; everything has its limit. */
export interface PreviewerOptions {
  readonly log: Log
  readonly timeMs?: number
  readonly memoryBytes?: number
}

const PROGRAM = fileURLToPath(new URL('look.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Bytes of a page of memory, as `/proc` counts. */
const MEMORY_PAGE_BYTES = 4_096
const ARGUMENTS = [
  '--permission',
  `--allow-fs-read=${ROOT}`,
  '--allow-fs-read=/proc/self',
  '--allow-fs-write=/proc/self/oom_score_adj',
  '--allow-addons',
  '--max-old-space-size=256',
  '--no-warnings',
  PROGRAM,
]

const base64 = z.string().transform((text) => new Uint8Array(Buffer.from(text, 'base64')))
const number = z.int().min(0).max(PREVIEW_NUMBER_MAX)
const Answer = z.object({
  preview: z.union([
    z.object({ kind: z.literal('picture'), width: number, height: number, image: base64 }),
    z.object({ kind: z.literal('pages'), pages: number, image: base64 }),
    z.object({ kind: z.literal('sound'), milliseconds: number, levels: base64 }),
    z.object({ kind: z.literal('track'), metres: number, outline: base64 }),
  ]),
  small: base64.optional(),
})

/** A previewer for this machine. */
export function openPreviewer(options: PreviewerOptions): Previewer {
  let turn: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return {
    look: async (file) => {
      if (file.bytes > LOOKED_BYTES_MAX || waiting >= LOOKS_WAITING_MAX) return undefined
      waiting += 1
      const look = turn.then(() => lookAt(file, options))
      turn = look
      try {
        return await look
      } finally {
        waiting -= 1
      }
    },
  }
}

async function lookAt(file: LookedAt, options: PreviewerOptions): Promise<Look | undefined> {
  try {
    const head = await file.read({ from: 0, to: Math.min(HEAD_BYTES, file.bytes) })
    const kind = head && kindOf(await buffer(Readable.from(head)))
    const content = kind && (await file.read())
    if (kind === undefined || content === undefined) return undefined
    return await lookInside(kind, content, options)
  } catch (error) {
    options.log.info('preview.failed', { reason: error instanceof Error ? error.name : 'unknown' })
    return undefined
  }
}

async function lookInside(
  kind: Kind,
  content: AsyncIterable<Uint8Array>,
  { log, timeMs = LOOK_MS, memoryBytes = LOOK_MEMORY_BYTES }: PreviewerOptions,
): Promise<Look | undefined> {
  const child = spawn(process.execPath, [...ARGUMENTS, kind], {
    env: {},
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  })
  const kill = (reason: string): void => {
    log.info('preview.failed', { reason })
    child.kill('SIGKILL')
  }
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve)
    child.once('error', () => resolve(null))
  })
  const timer = setTimeout(() => kill('took too long'), timeMs)
  const watch = setInterval(() => void watchMemory(child, memoryBytes, kill), LOOK_WATCH_MS)
  try {
    const given = pipeline(Readable.from(content), child.stdin).catch(() => undefined)
    const answer = await answerOf(child, kill)
    await given
    return (await ended) === 0 && answer !== '' ? lookFrom(answer) : undefined
  } finally {
    clearTimeout(timer)
    clearInterval(watch)
    child.kill('SIGKILL')
  }
}

async function answerOf({ stdout }: ChildProcess, kill: (reason: string) => void): Promise<string> {
  let text = ''
  for await (const part of stdout ?? []) {
    text += String(part)
    if (text.length > LOOK_ANSWER_BYTES_MAX) kill('said too much')
  }
  return text
}

/** Where the system does not tell, time is the limit. */
async function watchMemory(
  { pid }: ChildProcess,
  max: number,
  kill: (reason: string) => void,
): Promise<void> {
  const text = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '')
  const pages = Number(text.split(' ')[1] ?? 0)
  if (pages * MEMORY_PAGE_BYTES > max) kill('took too much memory')
}

function lookFrom(text: string): Look | undefined {
  const answer = Answer.safeParse(JSON.parse(text))
  if (!answer.success) return undefined
  const { preview, small } = answer.data
  if (small !== undefined && small.length > SMALL_BYTES_MAX) return undefined
  return { preview: preview satisfies Preview, ...(small && { small }) }
}
