/** Files that somebody has chosen and not sent yet: kept on the device as a draft is, freed of where they were taken when they go. */
import { signal, type Signal } from '@preact/signals'
import { FILE_BYTES_MAX, FILE_NAME_CHARACTERS_MAX, FILES_PER_MESSAGE_MAX } from '#base/limits.ts'
import { withoutPlace } from '#web/core/jpeg.ts'
import { DEVICE_FILES_BYTES_MAX, FILES_LEFT_MS } from '#web/core/limits.ts'
import type { Waiting } from '#web/core/outbox.ts'
import type { Shelf } from '#web/core/shelf.ts'
import { FILE_PLACE, type WaitingFile } from '#web/core/uploading.ts'

/** A file as the browser hands it over. */
export type Chosen = Blob & { readonly name: string }

/** Why one was not taken. */
export interface NotTaken {
  readonly name: string
  readonly why: 'many' | 'large' | 'empty' | 'full'
}

/** Files of drafts; `at` is the channel or the thread. */
export interface Attaching {
  readonly of: (at: string) => Signal<readonly WaitingFile[]>
  /** Resolves once they are kept on the device. */
  readonly add: (at: string, files: readonly Chosen[]) => Promise<readonly NotTaken[]>
  readonly remove: (at: string, key: string) => Promise<void>
  /** The bytes of one, in a draft or in the outbox. */
  readonly read: (key: string) => Promise<Blob | undefined>
  /** Takes them out of the draft, to be sent. `done` is called once they are in the outbox. Where it rejects, all is as it was. */
  readonly take: (at: string, withPlace: boolean) => Promise<readonly WaitingFile[]>
  readonly done: (at: string) => Promise<void>
  /** Throws away what no draft and no message has. */
  readonly sweep: (ageMs?: number) => Promise<void>
  /** What was in drafts is not shown any more. */
  readonly clear: () => void
}

/** What it needs. */
export interface AttachingPorts {
  readonly shelf: Shelf
  readonly now: () => number
  readonly newId: () => string
}

const DRAFT_FILES = 'draft:files:'

/** The files of drafts. */
export function createAttaching(ports: AttachingPorts): Attaching {
  const { shelf } = ports
  const drafts = new Map<string, Signal<readonly WaitingFile[]>>()
  const of = (at: string): Signal<readonly WaitingFile[]> => {
    const known = drafts.get(at)
    if (known !== undefined) return known
    const fresh = signal<readonly WaitingFile[]>([])
    drafts.set(at, fresh)
    void restore(shelf, at, fresh)
    return fresh
  }
  const keep = async (at: string): Promise<void> => {
    const files = of(at).value
    await (files.length === 0 ? shelf.remove(DRAFT_FILES + at) : shelf.put(DRAFT_FILES + at, files))
  }
  const read = async (key: string): Promise<Blob | undefined> => {
    const found = await shelf.get(FILE_PLACE + key)
    return found instanceof Blob ? found : undefined
  }
  return {
    of,
    read,
    add: async (at, files) => {
      const refusals: NotTaken[] = []
      for (const file of files) {
        const why = await addOne(ports, { at, draft: of(at) }, file)
        if (why !== undefined) refusals.push({ name: file.name, why })
      }
      await keep(at).catch(() => undefined)
      return refusals
    },
    remove: async (at, key) => {
      of(at).value = of(at).value.filter((file) => file.key !== key)
      await keep(at)
      await shelf.remove(FILE_PLACE + key)
    },
    take: async (at, withPlace) => {
      const files = of(at).value
      of(at).value = []
      if (withPlace) return files.map((file) => ({ ...file, keepsPlace: true }))
      try {
        return await Promise.all(files.map((file) => clean(shelf, file)))
      } catch (error) {
        of(at).value = files
        throw error
      }
    },
    done: keep,
    sweep: (ageMs = FILES_LEFT_MS) => sweep(ports, ageMs),
    clear: () => drafts.clear(),
  }
}

async function restore(
  shelf: Shelf,
  at: string,
  into: Signal<readonly WaitingFile[]>,
): Promise<void> {
  const kept = (await shelf.get(DRAFT_FILES + at)) as readonly WaitingFile[] | undefined
  if (kept !== undefined && into.value.length === 0) into.value = kept
}

async function addOne(
  { shelf, now, newId }: AttachingPorts,
  { at, draft }: { readonly at: string; readonly draft: Signal<readonly WaitingFile[]> },
  file: Chosen,
): Promise<NotTaken['why'] | undefined> {
  if (draft.value.length >= FILES_PER_MESSAGE_MAX) return 'many'
  if (file.size === 0) return 'empty'
  if (file.size > FILE_BYTES_MAX) return 'large'
  const held = [...(await filesHeld(shelf, DRAFT_FILES + at)), ...draft.value]
  const bytes = held.reduce((sum, { size }) => sum + size, 0)
  if (bytes + file.size > DEVICE_FILES_BYTES_MAX) return 'full'
  const key = `${now()}.${newId()}`
  try {
    await shelf.put(FILE_PLACE + key, file)
  } catch {
    return 'full' // The browser gives no more room.
  }
  const { size, type } = file
  const place = await placeOf(file)
  const name = file.name.slice(-FILE_NAME_CHARACTERS_MAX) || 'file'
  const fresh = { key, name, type, size, place, uploadId: '', sent: 0, isThere: false }
  draft.value = [...draft.value, fresh]
  return undefined
}

/** JPEGs are read, PNGs looked through; of other pictures and of films the client does not know. */
async function placeOf(file: Blob): Promise<WaitingFile['place']> {
  if (!/^(?:image|video)\//.test(file.type) || /gif|bmp|svg/.test(file.type)) return 'none'
  if (file.type !== 'image/jpeg' && file.type !== 'image/png') return 'perhaps'
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (file.type === 'image/png')
    return /eXIf|adobe\.xmp/.test(new TextDecoder('latin1').decode(bytes)) ? 'perhaps' : 'none'
  const cleaned = withoutPlace(bytes)
  if (cleaned === undefined) return 'perhaps'
  return cleaned.length === bytes.length ? 'none' : 'removable'
}

async function clean(shelf: Shelf, file: WaitingFile): Promise<WaitingFile> {
  if (file.place !== 'removable') return file
  const found = await shelf.get(FILE_PLACE + file.key)
  if (!(found instanceof Blob)) return file
  const cleaned = withoutPlace(new Uint8Array(await found.arrayBuffer()))
  if (cleaned === undefined) return file
  await shelf.put(FILE_PLACE + file.key, new Blob([cleaned], { type: file.type }))
  return { ...file, size: cleaned.length }
}

/** The files of all drafts but one, and of what waits. */
async function filesHeld(shelf: Shelf, except = ''): Promise<readonly WaitingFile[]> {
  const drafts = await shelf.entries(DRAFT_FILES)
  const waiting = await shelf.entries('outbox:')
  return [
    ...drafts.flatMap(([at, files]) => (at === except ? [] : (files as readonly WaitingFile[]))),
    ...waiting.flatMap(([, one]) => (one as Waiting).files),
  ]
}

async function sweep({ shelf, now }: AttachingPorts, ageMs: number): Promise<void> {
  const used = new Set((await filesHeld(shelf)).map(({ key }) => key))
  for (const place of await shelf.keys(FILE_PLACE)) {
    const key = place.slice(FILE_PLACE.length)
    if (!used.has(key) && now() - Number.parseInt(key, 10) >= ageMs) await shelf.remove(place)
  }
}
