/**
 * Two network namespaces with a cable between them: whatever is on it, a kit and its post office put there. Needs Linux, root and
 * `ip`. Nothing is changed outside of the two, and both are gone in the end.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Phases } from './nats-phases.ts'

/** What was counted, or why nothing could be. */
type Counted = { readonly phases: Phases } | { readonly reason: string }

const ENDS = [
  { name: 'edge', address: '10.77.0.1', mac: '02:00:00:00:00:01' },
  { name: 'shore', address: '10.77.0.2', mac: '02:00:00:00:00:02' },
] as const
const CABLE = 'cable'

/** The kit in the one, the server in the other. */
export async function measureInNamespaces(): Promise<Counted> {
  const spaces = ENDS.map(({ name }) => `holdfast-${name}-${process.pid}`)
  const [edge = '', shore = ''] = spaces
  const children: ChildProcess[] = []
  try {
    const reason = lay(spaces)
    if (reason !== undefined) return { reason }
    const office = start(children, shore, ['nats-shore.ts', ENDS[1].address])
    const sides = await firstLine(office)
    const kit = start(children, edge, ['nats-edge.ts', CABLE, sides])
    return { phases: JSON.parse(await firstLine(kit)) as Phases }
  } finally {
    await Promise.all(children.map(end))
    for (const space of spaces) run(['netns', 'del', space])
  }
}

/** Lays the cable. Says why it cannot. */
function lay(spaces: readonly string[]): string | undefined {
  const [edge = '', shore = ''] = spaces
  const steps: string[][] = [
    ...spaces.map((space) => ['netns', 'add', space]),
    ['link', 'add', CABLE, 'netns', edge, 'type', 'veth', 'peer', 'name', CABLE, 'netns', shore],
  ]
  for (const [at, { address, mac }] of ENDS.entries()) {
    const inside = ['-n', spaces[at] ?? '']
    const far = ENDS[1 - at]
    steps.push(
      // Packets as they go over a real line: none larger than it takes.
      [...inside, 'link', 'set', CABLE, 'address', mac, 'gso_max_segs', '1', 'addrgenmode', 'none'],
      [...inside, 'addr', 'add', `${address}/30`, 'dev', CABLE],
      [...inside, 'link', 'set', 'lo', 'up'],
      [...inside, 'link', 'set', CABLE, 'up'],
      // Nobody has to ask who is there.
      [...inside, 'neigh', 'replace', far?.address ?? '', 'lladdr', far?.mac ?? '', 'dev', CABLE],
    )
  }
  for (const step of steps) {
    const reason = run(step)
    if (reason !== undefined) return reason
  }
  return undefined
}

function run(words: readonly string[]): string | undefined {
  try {
    execFileSync('ip', words, { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return String(error).trim().split('\n').at(-1)
  }
}

function start(children: ChildProcess[], space: string, words: readonly string[]): ChildProcess {
  const [file = '', ...rest] = words
  const program = [process.execPath, join(import.meta.dirname, file), ...rest]
  const child = spawn('ip', ['netns', 'exec', space, ...program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  return child
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout !== null) for await (const line of createInterface({ input: stdout })) return line
  throw new Error('a program in a namespace ended without a word')
}

/** They end with their input. */
async function end(child: ChildProcess): Promise<void> {
  child.stdin?.end()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
