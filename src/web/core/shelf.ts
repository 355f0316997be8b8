/** Where the client keeps things on the device: names to plain values and files. Each call resolves once it is kept. */

/** A place to keep things. Values are what JSON can say, or a `Blob`. */
export interface Shelf {
  /** Whether what is kept outlives the tab. */
  readonly isLasting: boolean
  /** Whether files do, too. */
  readonly areFilesLasting: boolean
  readonly get: (key: string) => Promise<unknown>
  /** Everything whose name begins so, by name. */
  readonly entries: (prefix: string) => Promise<readonly (readonly [string, unknown])[]>
  /** The names that begin so, without what is kept under them. */
  readonly keys: (prefix: string) => Promise<readonly string[]>
  readonly put: (key: string, value: unknown) => Promise<void>
  readonly remove: (key: string) => Promise<void>
  /** Forgets everything. */
  readonly clear: () => Promise<void>
}

/** What `localStorage` offers of itself. */
export interface TextStore {
  readonly length: number
  readonly key: (index: number) => string | null
  readonly getItem: (key: string) => string | null
  readonly setItem: (key: string, value: string) => void
  readonly removeItem: (key: string) => void
}

const PREFIX = 'holdfast:'

/** Memory, and `texts` beside it where the browser has one: for browsers that keep databases closed. */
export function textShelf(texts: TextStore | undefined): Shelf {
  const memory = new Map<string, unknown>()
  for (const [key, value] of readAll(texts)) memory.set(key, value)
  return {
    isLasting: texts !== undefined,
    areFilesLasting: false,
    get: async (key) => memory.get(key),
    entries: async (prefix) =>
      [...memory.entries()]
        .filter(([key]) => key.startsWith(prefix))
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    keys: async (prefix) => [...memory.keys()].filter((key) => key.startsWith(prefix)).toSorted(),
    put: async (key, value) => {
      memory.set(key, value)
      if (!(value instanceof Blob)) texts?.setItem(PREFIX + key, JSON.stringify(value))
    },
    remove: async (key) => {
      memory.delete(key)
      texts?.removeItem(PREFIX + key)
    },
    clear: async () => {
      for (const key of memory.keys()) texts?.removeItem(PREFIX + key)
      memory.clear()
    },
  }
}

function readAll(texts: TextStore | undefined): readonly (readonly [string, unknown])[] {
  const found: [string, unknown][] = []
  for (let index = 0; index < (texts?.length ?? 0); index += 1) {
    const key = texts?.key(index) ?? ''
    if (!key.startsWith(PREFIX)) continue
    try {
      found.push([key.slice(PREFIX.length), JSON.parse(texts?.getItem(key) ?? '')])
    } catch {
      // What cannot be read was not written by us.
    }
  }
  return found
}
