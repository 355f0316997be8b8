/**
 * Wiping a data folder: first the keys, without which the rest is noise, then the rest.
 *
 * The intent is on disk before the first step, so a wipe that was cut short is finished at the next start, and each
 * step may be done again. What remains is one file that says when and why, with the node's own signed word if it could
 * still give one. Overwriting reaches the file, not every block that flash memory ever wrote: a vault that opens by
 * passphrase or release only stays shut all the same.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { hexFromBytes } from '#base/bytes.ts'
import { layoutOf, type Layout } from './layout.ts'
import { destroyFile, isThere, PUBLIC_MODE, readText, writeFileWhole } from './files.ts'
import { parseJson } from './json.ts'

/** Why and when a node was wiped. */
export interface WipeNote {
  /** A word, such as `command` or `order`. */
  readonly reason: string
  /** Milliseconds since 1970, by this machine's clock. */
  readonly at: number
  /** What the node signed before its keys were destroyed, in hexadecimal; empty when it could not. */
  readonly statement: string
}

/** A wipe: what is left as its note. */
export interface WipeOrder {
  readonly reason: string
  readonly at: number
  readonly statement?: Uint8Array
}

const Note = z.strictObject({
  state: z.enum(['begun', 'done']),
  reason: z.string().max(64),
  at: z.int(),
  statement: z.string().regex(/^[0-9a-f]*$/),
})

/** Wipes the folder; the node must not run on it. A wipe that has begun keeps its first note. */
export async function wipeFolder(path: string, order: WipeOrder): Promise<WipeNote> {
  const { wiped } = layoutOf(path)
  const { reason, at, statement = new Uint8Array() } = order
  const before = await readNote(wiped)
  const note = before ?? { state: 'begun' as const, reason, at, statement: hexFromBytes(statement) }
  if (note.state === 'done') return wordOf(note)
  if (before === undefined) await writeNote(wiped, note)
  for (const step of stepsOf(layoutOf(path))) await step()
  await writeNote(wiped, { ...note, state: 'done' })
  return wordOf(note)
}

/** Finishes a wipe that was cut short; undefined when none was begun. */
export async function finishWipe(path: string): Promise<WipeNote | undefined> {
  const { wiped } = layoutOf(path)
  if (!(await isThere(wiped))) return undefined
  // A torn note cannot be: it is renamed into place. One that nobody can read is still an order.
  return wipeFolder(path, { reason: 'unknown', at: 0 })
}

/** What is destroyed, in this order. Everything but the note goes: even names of other nodes are none of a finder's business. */
function stepsOf(layout: Layout): readonly (() => Promise<void>)[] {
  const {
    path,
    organisation,
    keys,
    vault,
    secrets,
    keyFile,
    device,
    joining,
    store,
    blobs,
    wiped,
  } = layout
  const first = [vault, `${vault}.new`, keyFile, secrets, `${secrets}.new`, device, joining]
  return [
    ...first.map((file) => () => destroyFile(file)),
    () => destroyAll(keys),
    () => destroyAll(join(path, 'tls')),
    () => rm(store, { recursive: true, force: true }),
    () => rm(blobs, { recursive: true, force: true }),
    async () => {
      // Last goes what makes a service start the node again, so that it finishes this.
      const rest = (await namesIn(path)).map((name) => join(path, name))
      for (const place of [...rest.filter((each) => each !== organisation), organisation])
        if (place !== wiped) await rm(place, { recursive: true, force: true })
    },
  ]
}

/** Every file below, overwritten. */
async function destroyAll(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) await destroyFile(join(folder, name))
  await rm(folder, { recursive: true, force: true })
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await isThere(folder)) ? readdir(folder) : []
}

type Noted = z.output<typeof Note>

async function writeNote(file: string, note: Noted): Promise<void> {
  await writeFileWhole(file, `${JSON.stringify(note)}\n`, PUBLIC_MODE)
}

async function readNote(file: string): Promise<Noted | undefined> {
  const text = await readText(file)
  const parsed = parseJson(text ?? '')
  const note = Note.safeParse(parsed.ok ? parsed.value : undefined)
  return note.success ? note.data : undefined
}

function wordOf({ reason, at, statement }: Noted): WipeNote {
  return { reason, at, statement }
}
