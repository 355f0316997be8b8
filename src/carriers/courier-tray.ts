/** The tray as a folder of the data folder. */
import { createReadStream } from 'node:fs'
import { lstat, mkdir, open, readdir, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EdgeError } from '#base/errors.ts'
import { COURIER_ARRIVALS_MAX, COURIER_FILE_BYTES_MAX } from '#base/limits.ts'
import type { Tray, TrayFile } from '#ports/tray.ts'

/** What the node calls its courier files, and nothing that leads elsewhere. */
const NAME = /^[0-9a-f]{16}\.courier$/
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/** The tray at `folder`; what is left in it from before goes. */
export async function openTray(folder: string): Promise<Tray> {
  await rm(folder, { recursive: true, force: true })
  let arrivals = 0
  let here = 0
  const out = join(folder, 'out')
  const inTurn = createTurn()
  const clear = (): Promise<void> => rm(out, { recursive: true, force: true })
  return {
    clear: () => inTurn(clear),
    fill: (work) =>
      inTurn(async () => {
        await clear()
        return work(await make(out))
      }),
    files: async () => {
      const names = await readdir(out).catch(() => [])
      const found = await Promise.all(names.map((name) => fileAt(out, name)))
      return found.filter((one) => one !== undefined)
    },
    read: async (name) => {
      const file = await fileAt(out, name)
      return file && createReadStream(join(out, name))
    },
    receive: async (source, work) => {
      if (here === COURIER_ARRIVALS_MAX)
        throw new EdgeError('TOO_MANY_REQUESTS', { waiting: COURIER_ARRIVALS_MAX })
      arrivals += 1
      here += 1
      const place = join(folder, `in-${arrivals}`)
      try {
        const real = await make(place)
        await write(join(real, `${'0'.repeat(16)}.courier`), source)
        return await work(real)
      } finally {
        here -= 1
        await rm(place, { recursive: true, force: true })
      }
    },
  }
}

/** One after the other. */
function createTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = last.then(work, work)
    last = done
    return done
  }
}

async function make(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: FOLDER_MODE })
  return realpath(path)
}

async function fileAt(folder: string, name: string): Promise<TrayFile | undefined> {
  if (!NAME.test(name)) return undefined
  const facts = await lstat(join(folder, name)).catch(() => undefined)
  return facts?.isFile() === true ? { name, bytes: facts.size } : undefined
}

async function write(path: string, source: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, 'wx', FILE_MODE)
  let bytes = 0
  for await (const chunk of source) {
    bytes += chunk.length
    if (bytes > COURIER_FILE_BYTES_MAX)
      throw new EdgeError('TOO_LARGE', { found: bytes, bytesMax: COURIER_FILE_BYTES_MAX })
    await file.writeFile(chunk)
  }
}
