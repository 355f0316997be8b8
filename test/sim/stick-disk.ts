/**
 * Sticks in memory. What is written is volatile until it was synced: a stick that is pulled out, or whose node loses its power,
 * keeps some of what was not, or half of it. A stick has little room, is slow, and never says more than a real one does.
 */
import { EdgeError } from '#base/errors.ts'
import type { StickDisk, StickReading } from '#ports/stick.ts'
import type { Chance } from './chance.ts'
import { within, type Life, type Timeline } from './timeline.ts'

/** One stick; it outlives all nodes that it is ever put into. */
export interface Stick {
  readonly name: string
  /** What lies on it for good, by name. To be called while it is in no node. */
  readonly files: () => ReadonlyMap<string, Uint8Array>
  /** Whatever else somebody does to it at home: from now on it holds this. */
  readonly holdNow: (files: ReadonlyMap<string, Uint8Array>) => void
  /** It is put into a node. */
  readonly putIn: () => void
  /** It is pulled out: what was not synced is there or not. Gives whether anything was lost or cut. */
  readonly pullOut: () => boolean
  /** Room on it, in bytes. */
  readonly room: () => number
  readonly setRoom: (bytes: number) => void
}

/** What is in a file, and how much of it is there for good. */
interface Content {
  readonly bytes: Uint8Array
  isSynced: boolean
}

interface Inside {
  readonly visible: Map<string, Content>
  durable: Map<string, Content>
  room: number
  /** Grows with each time that it is pulled out: whoever works on it then goes on with nothing. */
  visits: number
  isIn: boolean
}

const insides = new WeakMap<Stick, Inside>()

/** An empty stick. */
export function openStick(name: string, chance: Chance, room: number): Stick {
  const inside: Inside = {
    visible: new Map(),
    durable: new Map(),
    room,
    visits: 0,
    isIn: false,
  }
  const stick: Stick = {
    name,
    files: () => new Map([...inside.durable].map(([file, { bytes }]) => [file, bytes])),
    holdNow: (files) => {
      inside.durable = new Map()
      for (const [file, bytes] of files) inside.durable.set(file, { bytes, isSynced: true })
      showAll(inside)
    },
    putIn: () => {
      inside.visits += 1
      inside.isIn = true
    },
    pullOut: () => {
      inside.isIn = false
      return tear(inside, chance)
    },
    room: () => inside.room,
    setRoom: (bytes) => void (inside.room = bytes),
  }
  insides.set(stick, inside)
  return stick
}

/** Of each name that was given or taken away and not synced, and of each file, it is drawn whether it is so for good. */
function tear(inside: Inside, chance: Chance): boolean {
  const { visible, durable } = inside
  const kept = new Map<string, Content>()
  let isTorn = false
  for (const name of new Set([...durable.keys(), ...visible.keys()])) {
    const [before, after] = [durable.get(name), visible.get(name)]
    const isSure = before === after
    const content = isSure || chance.happens(0.5) ? after : before
    if (!isSure) isTorn = true
    if (content === undefined) continue
    const length = content.isSynced ? undefined : chance.between(0, content.bytes.length)
    if (length !== undefined) isTorn = true
    kept.set(name, { bytes: content.bytes.slice(0, length), isSynced: true })
  }
  inside.durable = kept
  showAll(inside)
  return isTorn
}

function showAll({ visible, durable }: Inside): void {
  visible.clear()
  for (const [name, content] of durable) visible.set(name, content)
}

/** Where sticks are put in, and how long they take for anything. */
export interface StickWorld {
  readonly timeline: Timeline
  readonly chance: Chance
  readonly life: Life
  /** The stick whose folder this is, if it is in this node. */
  readonly stickAt: (folder: string) => Stick | undefined
}

/** The sticks of one node, for one life of it. */
export function openStickDisk(world: StickWorld): StickDisk {
  const { timeline, chance, life, stickAt } = world
  const pass = (ms: number): Promise<void> =>
    ms === 0
      ? within(life, Promise.resolve())
      : new Promise((resolve) => void timeline.after(ms, resolve, life))
  const insideAt = (folder: string): Inside => {
    const stick = stickAt(folder)
    const inside = stick && insides.get(stick)
    if (inside?.isIn !== true) throw systemError('ENOENT')
    return inside
  }
  /** Passes some time with the stick in hand; whoever pulls it out meanwhile breaks it off. */
  const work = async <T>(folder: string, ms: number, act: (inside: Inside) => T): Promise<T> => {
    const inside = insideAt(folder)
    const { visits } = inside
    await pass(ms)
    if (!inside.isIn || inside.visits !== visits) throw systemError('EIO')
    return act(inside)
  }
  const soon = (): number => (chance.happens(0.7) ? 0 : chance.between(1, 30))
  const slow = (): number => chance.between(5, chance.happens(0.1) ? 5_000 : 300)

  return {
    assertFolder: async (folder) => {
      const facts = { field: 'folder', folder, wanted: 'a stick' }
      if (stickAt(folder) === undefined)
        throw new EdgeError('INPUT_INVALID', { ...facts, found: 'no stick' })
      await pass(soon())
    },
    names: async function* (folder) {
      const names = await work(folder, soon(), ({ visible }) => [...visible.keys()])
      for (const name of names) yield name
    },
    open: async (folder, name) => {
      try {
        const content = await work(folder, soon(), ({ visible }) => visible.get(name))
        if (content === undefined) return 'unreadable'
        return readingOf(content.bytes, (act) => work(folder, soon(), act))
      } catch {
        return 'unreadable'
      }
    },
    create: async (folder, name, bytes) => {
      const content = await work(folder, soon(), ({ visible, room }) => {
        if (visible.has(name)) throw systemError('EEXIST')
        const used = [...visible.values()].reduce((sum, file) => sum + file.bytes.length, 0)
        const written = bytes.slice(0, Math.max(0, room - used))
        const made = { bytes: written, isSynced: false }
        visible.set(name, made)
        return made
      })
      await work(folder, slow(), () => {
        if (content.bytes.length < bytes.length) throw systemError('ENOSPC')
        content.isSynced = true
      })
    },
    rename: (folder, from, to) =>
      work(folder, soon(), ({ visible }) => {
        const content = visible.get(from)
        if (content === undefined) throw systemError('ENOENT')
        visible.delete(from)
        visible.set(to, content)
      }),
    remove: (folder, name) =>
      work(folder, soon(), ({ visible }) => void visible.delete(name)).catch(() => undefined),
    sync: (folder) =>
      work(folder, slow(), (inside) => void (inside.durable = new Map(inside.visible))),
  }
}

function readingOf(bytes: Uint8Array, work: <T>(act: () => T) => Promise<T>): StickReading {
  return {
    size: bytes.length,
    read: (position, length) => work(() => bytes.slice(position, position + length)),
    close: async () => undefined,
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code })
}
