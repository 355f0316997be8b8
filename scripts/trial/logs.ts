/** What the logs of the nodes say that nobody is told otherwise. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Node } from '../fleet/node.ts'

/** What stands in the logs. */
export interface LogReport {
  /** What an honest node refused of another honest node. */
  readonly refusals: number
  /** The first of them, and all errors that nothing in the trial explains, as they stand there. */
  readonly examples: readonly string[]
  readonly errors: number
  /** Questions for what is missing that came too often to be answered; who asked does not hear of it, and asks again. */
  readonly wantsRefused: number
}

const Line = z.object({
  level: z.string(),
  event: z.string(),
  code: z.string().optional(),
  reason: z.string().optional(),
})
/** No node of ours sends what another of ours refuses. */
const REFUSALS: ReadonlySet<string> = new Set([
  'envelope.refused',
  'list.frozen',
  'messages.withdrawn',
  'nats.subject-foreign',
  'parcel.refused',
  'share.refused',
])
/** Errors that a full disk and a backup put back explain. */
const EXPLAINED: ReadonlySet<string> = new Set(['sync.disk', 'node.restored', 'request.failed'])
const EXAMPLES_MAX = 8

/** Reads the logs of all nodes. */
export async function readLogs(nodes: readonly Node[]): Promise<LogReport> {
  const examples: string[] = []
  const counts = { refusals: 0, errors: 0, wantsRefused: 0 }
  for (const { name, logFile } of nodes) {
    const content = await readFile(logFile, 'utf8')
    for (const line of content.split('\n')) {
      const kind = kindOf(line)
      if (kind === undefined) continue
      counts[kind] += 1
      if (kind === 'wantsRefused') continue
      if (examples.length < EXAMPLES_MAX) examples.push(`${name}: ${line}`)
    }
  }
  return { ...counts, examples }
}

function kindOf(line: string): 'refusals' | 'errors' | 'wantsRefused' | undefined {
  const parsed = Line.safeParse(valueOf(line))
  if (!parsed.success) return undefined
  const { level, event, code } = parsed.data
  // The same envelope a second time is no harm.
  if (REFUSALS.has(event)) return code === 'ALREADY_EXISTS' ? undefined : 'refusals'
  if (event === 'want.refused') return 'wantsRefused'
  return level === 'error' && !EXPLAINED.has(event) ? 'errors' : undefined
}

/** A line that a kill has cut short is none. */
function valueOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
