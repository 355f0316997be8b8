/** The doing of what goes wrong: each fault breaks something, waits, and mends it. */
import { execFile, spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { command } from '../fleet/child.ts'
import type { Node } from '../fleet/node.ts'
import type { PostOffice } from '../fleet/post-office.ts'
import type { Fault, Target } from './faults.ts'
import type { Fleet } from './fleet.ts'
import type { Pause } from './pause.ts'

/** Who keeps the books while things break, and tells of it. */
export interface Witness {
  readonly tell: (line: string) => void
  /** A backup of this node is about to be made. */
  readonly copying: (node: Node) => void
  /** This node was killed, and is about to start from the same disk. */
  readonly killed: (node: Node) => void
  /** This node was killed, and is about to start from its backup. */
  readonly diskLost: (node: Node) => Promise<void>
}

/** What is struck. */
export interface Scene {
  readonly fleet: Fleet
  readonly pause: Pause
  readonly witness: Witness
}

/** A file may not grow beyond this on a disk that is full. */
const FULL_DISK_BYTES = 4_096

/** Whether this machine can make a disk look full for one process. */
export function canFillDisks(): boolean {
  return spawnSync('prlimit', ['--version']).status === 0
}

/** Breaks something, waits, and mends it. Gives how many envelopes were taken from a stick. */
export async function strike(scene: Scene, fault: Fault): Promise<number> {
  const { pause } = scene
  switch (fault.kind) {
    case 'cut':
    case 'silence':
    case 'half-open':
      await breakLink(scene, fault)
      return 0
    case 'kill':
    case 'wipe':
    case 'restore':
      await killFor(scene, fault)
      return 0
    case 'copy':
      await copy(scene, fault.target)
      return 0
    case 'stick':
      return carryStick(scene, fault)
    case 'full disk':
      await fillDisk(scene, fault, () => pause.for(fault.lastsMs))
      return 0
  }
}

async function breakLink({ fleet, pause, witness }: Scene, fault: Fault): Promise<void> {
  const { kind, target, lastsMs } = fault
  const { node, link } = kitOf(fleet, target)
  if (kind === 'half-open') {
    witness.tell(`the connection of ${node.name} is half open: it swallows everything`)
    return link.strand()
  }
  const what = kind === 'cut' ? 'is cut' : 'goes silent'
  witness.tell(`the link of ${node.name} ${what} for ${secondsOf(lastsMs)}`)
  if (kind === 'cut') link.cut()
  else link.blackhole()
  await pause.for(lastsMs)
  link.heal()
}

async function killFor(scene: Scene, { kind, target, lastsMs }: Fault): Promise<void> {
  const { pause, witness, fleet } = scene
  const victim = victimOf(fleet, target)
  const then = { kill: '', wipe: ', and its store is gone', restore: ', and put back to a backup' }
  witness.tell(
    `${nameOf(victim)} is killed, for ${secondsOf(lastsMs)}${kind in then ? then[kind as 'kill'] : ''}`,
  )
  await victim.kill()
  await pause.for(lastsMs)
  if (kind === 'wipe') await fleet.office.wipe()
  if (isNode(victim)) {
    if (kind === 'restore') await witness.diskLost(victim)
    else witness.killed(victim)
  }
  if (kind === 'restore') await victim.putBack()
  await victim.start()
}

/** As README.md says it: of the whole folder, while the node is stopped. */
async function copy({ fleet, witness }: Scene, target: Target): Promise<void> {
  const victim = victimOf(fleet, target)
  witness.tell(`${nameOf(victim)} is stopped for a backup`)
  if (isNode(victim)) witness.copying(victim)
  await victim.stop()
  await victim.copy()
  await victim.start()
}

const Report = z.object({ envelopes: z.int() })

/** Somebody carries a stick from one kit to the other and back while neither has a link. */
async function carryStick({ fleet, witness, pause }: Scene, { target }: Fault): Promise<number> {
  const [from, to] = target === 1 ? [fleet.kits[1], fleet.kits[0]] : fleet.kits
  const stick = join(fleet.folder, 'stick')
  await mkdir(stick, { recursive: true })
  for (const { link } of fleet.kits) link.cut()
  let taken = 0
  const at = async (node: Node, deed: 'export' | 'import'): Promise<void> => {
    const words = ['courier', deed, stick, '--data', node.dataFolder]
    let report: unknown
    await pause.until(async () => {
      // A node that begins a new life is closed for a moment.
      report = await command(words).catch(() => undefined)
      return report !== undefined
    }, `${node.name} takes the stick`)
    if (deed === 'import') taken += Report.parse(report).envelopes
  }
  await at(from.node, 'export')
  await at(to.node, 'import')
  await at(to.node, 'export')
  await at(from.node, 'import')
  for (const { link } of fleet.kits) link.heal()
  witness.tell(
    `a stick went from ${from.node.name} to ${to.node.name} and back without a link: ${taken} envelopes`,
  )
  return taken
}

/** The kernel refuses what would make a file longer, as it does on a full disk. */
async function fillDisk(
  { fleet, witness }: Scene,
  { target, lastsMs }: Fault,
  wait: () => Promise<void>,
): Promise<void> {
  const { node } = kitOf(fleet, target)
  witness.tell(`the disk of ${node.name} is full for ${secondsOf(lastsMs)}`)
  await limitFiles(node.pid(), String(FULL_DISK_BYTES))
  await wait()
  if (node.isUp()) await limitFiles(node.pid(), 'unlimited')
}

async function limitFiles(pid: number, limit: string): Promise<void> {
  // Only the soft limit, which may be raised again without rights.
  await promisify(execFile)('prlimit', ['--pid', String(pid), `--fsize=${limit}:`])
}

function secondsOf(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

function kitOf({ kits }: Fleet, target: Target): Fleet['kits'][number] {
  return kits[target === 1 ? 1 : 0]
}

function victimOf(fleet: Fleet, target: Target): Node | PostOffice {
  if (target === 'office') return fleet.office
  return target === 'hub' ? fleet.hub : kitOf(fleet, target).node
}

function isNode(victim: Node | PostOffice): victim is Node {
  return 'role' in victim
}

function nameOf(victim: Node | PostOffice): string {
  return isNode(victim) ? victim.name : 'nats-server'
}
