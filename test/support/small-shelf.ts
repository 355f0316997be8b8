/** A shelf as small as wanted, for tests: what does not fit is refused as browsers do. */
import { textShelf, type Shelf } from '#web/core/shelf.ts'

/** With room for so many characters, names and all. */
export function aSmallShelf(charactersMax: number): Shelf & { limit: number } {
  const shelf = textShelf(undefined)
  const small = {
    ...shelf,
    limit: charactersMax,
    put: async (key: string, value: unknown): Promise<void> => {
      const others = (await shelf.entries('')).filter(([name]) => name !== key)
      if (JSON.stringify([...others, [key, value]]).length > small.limit)
        throw Object.assign(new Error('no room'), { name: 'QuotaExceededError' })
      await shelf.put(key, value)
    },
  }
  return small
}
