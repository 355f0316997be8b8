/**
 * A folder of this machine as the FAT file system of a stick has it: names that it cannot have, no two that differ in capitals alone,
 * a root that is full long before the stick is; and what happens to sticks: they are write-protected, pulled out, or damaged.
 */
import { SYSTEM_STICKS } from '#carriers/courier-disk.ts'
import type { StickDisk } from '#ports/stick.ts'

/** What a stick is like. */
export interface FatChoice {
  /** Only names of 8.3, as where a machine knows no long ones; they come back in capitals. */
  readonly isShort?: boolean
  /** Names that its root has room for. */
  readonly namesMax?: number
  readonly isReadOnly?: boolean
  /** After so many names its folder cannot be read any further. */
  readonly namesReadable?: number
}

/** A stick, and what people do to it. */
export interface FatStick {
  readonly disk: StickDisk
  /** It is pulled out before so many further steps of work are done; undefined puts it in again. */
  readonly pullAfter: (steps: number | undefined) => void
  /** How many steps were done. */
  readonly steps: () => number
  readonly change: (choice: FatChoice) => void
}

/** What Windows, and so every FAT stick that is to be read everywhere, gives to nobody. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i
const SHORT = /^[^.]{1,8}(?:\.[^.]{1,3})?$/

/** A stick that is in. */
export function aFatStick(given: FatChoice = {}): FatStick {
  let choice = given
  let left: number | undefined
  let done = 0
  const step = (): void => {
    if (left === 0) throw systemError('EIO')
    if (left !== undefined) left -= 1
    done += 1
  }
  const insistOn = async (folder: string, name: string): Promise<void> => {
    const { isReadOnly, isShort, namesMax = Infinity } = choice
    if (isReadOnly === true) throw systemError('EROFS')
    // oxlint-disable-next-line no-control-regex -- no FAT name has one
    const isBad = /[\u0000-\u001f"*/:<>?\\|]|[. ]$/.test(name) || RESERVED.test(name)
    if (isBad || name.length > 255 || (isShort === true && !SHORT.test(name)))
      throw systemError('EINVAL')
    const names = await namesIn(folder)
    if (names.some((one) => one.toLowerCase() === name.toLowerCase())) throw systemError('EEXIST')
    if (names.length >= namesMax) throw systemError('ENOSPC')
  }
  const disk: StickDisk = {
    ...SYSTEM_STICKS,
    names: async function* (folder) {
      let count = 0
      for (const name of await namesIn(folder)) {
        step()
        if (count === choice.namesReadable) throw systemError('EIO')
        count += 1
        yield choice.isShort === true ? name.toUpperCase() : name
      }
    },
    open: async (folder, name) => {
      try {
        step()
      } catch {
        return 'unreadable'
      }
      const file = await SYSTEM_STICKS.open(folder, await real(folder, name))
      if (typeof file === 'string') return file
      const { read } = file
      return {
        ...file,
        read: async (position, length) => {
          step()
          return read(position, length)
        },
      }
    },
    create: async (folder, name, bytes) => {
      step()
      await insistOn(folder, name)
      const half = Math.floor(bytes.length / 2)
      await SYSTEM_STICKS.create(folder, name, left === 0 ? bytes.subarray(0, half) : bytes)
      step()
    },
    rename: async (folder, from, to) => {
      step()
      if (choice.isReadOnly === true) throw systemError('EROFS')
      await SYSTEM_STICKS.rename(folder, await real(folder, from), to)
    },
    remove: async (folder, name) => {
      if (left === 0 || choice.isReadOnly === true) return
      await SYSTEM_STICKS.remove(folder, await real(folder, name))
    },
    sync: async (folder) => {
      step()
      await SYSTEM_STICKS.sync(folder)
    },
  }
  return {
    disk,
    pullAfter: (steps) => {
      left = steps
    },
    steps: () => done,
    change: (next) => {
      choice = next
    },
  }
}

function namesIn(folder: string): Promise<readonly string[]> {
  return Array.fromAsync(SYSTEM_STICKS.names(folder))
}

async function real(folder: string, name: string): Promise<string> {
  return (await namesIn(folder)).find((one) => one.toLowerCase() === name.toLowerCase()) ?? name
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code })
}
