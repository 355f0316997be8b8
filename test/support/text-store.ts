/** A `localStorage` for tests. */
import type { TextStore } from '#web/core/shelf.ts'

/** With these texts in it. */
export function aTextStore(texts: Readonly<Record<string, string>> = {}): TextStore {
  const map = new Map(Object.entries(texts))
  return {
    get length() {
      return map.size
    },
    key: (index) => [...map.keys()][index] ?? null,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
  }
}
