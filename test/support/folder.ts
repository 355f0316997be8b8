/** A folder of its own for each test. */
import { mkdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Test } from 'tap'

const made = new Set<string>()

/**
 * A folder, empty at first, that goes when all has ended that the test began after it; the same one each time. `t.testdir` goes before
 * that: what still runs writes into it meanwhile, and it cannot be removed.
 */
export function folderOf(t: Test): string {
  const folder = t.testdirName
  if (made.has(folder)) return folder
  made.add(folder)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}
